/** The objects of the cluster and the rules by which the API server keeps them; pure. */

import { canonicalJson, type Json } from "../../../src/domain/json.ts";
import {
  apiVersionOf,
  CustomResourceDefinition,
  type KubeObject,
  type ObjectRef,
  type ResourceType,
} from "../../../src/domain/kube.ts";
import { managersOf, type Owned } from "./ownership.ts";

export interface Store {
  readonly objects: ReadonlyMap<string, Owned>;
  /** Counts writes: the source of resource versions and UIDs. */
  readonly writes: number;
}

export const emptyStore: Store = { objects: new Map(), writes: 0 };

const collectionOf = ({ group, plural }: ResourceType): string => `${group}/${plural}/`;

export const keyOf = ({ type, namespace, name }: ObjectRef): string =>
  `${collectionOf(type)}${type.namespaced ? (namespace ?? "") : ""}/${name}`;

/** `plural.group`, as the API server names a type in its messages. */
export const resourceName = ({ plural, group }: ResourceType): string =>
  group === "" ? plural : `${plural}.${group}`;

/** In the order of their names, as the API server lists: v10 before v2. */
export const listed = (
  store: Store,
  type: ResourceType,
  namespace: string | undefined,
): ReadonlyArray<KubeObject> => {
  const prefix =
    namespace === undefined ? collectionOf(type) : `${collectionOf(type)}${namespace}/`;
  return [...store.objects]
    .filter(([key]) => key.startsWith(prefix))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, { object }]) => object);
};

/** Only types with a specification count its generations. */
const countsGenerations = ({ group, plural }: ResourceType): boolean =>
  group !== "" && plural !== "leases";

const text = (value: unknown): string => canonicalJson((value ?? null) as Json);

const specificationOf = (object: KubeObject): string => {
  const { metadata: _metadata, status: _status, ...specification } = object;
  return text(specification);
};

const clientView = (object: KubeObject): string => {
  const { resourceVersion: _version, managedFields: _fields, ...metadata } = object.metadata;
  return text({ ...object, metadata });
};

const uidFor = (number: number): string =>
  `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;

const metadataFor = (
  type: ResourceType,
  live: KubeObject | undefined,
  { object, owners }: Owned,
  number: number,
  now: number,
): KubeObject["metadata"] => {
  const { namespace, generation: _generation, ...metadata } = object.metadata;
  const changed = live === undefined || specificationOf(live) !== specificationOf(object);
  const generation = (live?.metadata.generation ?? 0) + (changed ? 1 : 0);
  return {
    ...metadata,
    ...(type.namespaced && namespace !== undefined ? { namespace } : {}),
    uid: live?.metadata.uid ?? uidFor(number),
    creationTimestamp: live?.metadata.creationTimestamp ?? new Date(now).toISOString(),
    resourceVersion: String(number),
    ...(countsGenerations(type) ? { generation } : {}),
    managedFields: managersOf(owners).map((manager) => ({ manager, operation: "Apply" })),
  };
};

/** What the object becomes when it is written, and the store with it; writing what is there already changes nothing. */
export const stored = (
  store: Store,
  type: ResourceType,
  next: Owned,
  now: number,
): readonly [KubeObject, Store] => {
  const key = keyOf({ type, ...next.object.metadata });
  const live = store.objects.get(key)?.object;
  const number = store.writes + 1;
  const object: KubeObject = {
    ...next.object,
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: metadataFor(type, live, next, number, now),
  };
  const kept = live !== undefined && clientView(live) === clientView(object) ? live : object;
  const objects = new Map(store.objects).set(key, { object: kept, owners: next.owners });
  return [kept, { objects, writes: kept === live ? store.writes : number }];
};

export const removed = (store: Store, ref: ObjectRef): Store => {
  const objects = new Map(store.objects);
  return objects.delete(keyOf(ref)) ? { objects, writes: store.writes + 1 } : store;
};

const BUILT_IN = new Set(["", "apps", "coordination.k8s.io", "apiregistration.k8s.io"]);

/** A custom type is served as soon as its CRD is Established, and by the versions that the CRD serves. */
export const isServed = (store: Store, type: ResourceType): boolean => {
  if (BUILT_IN.has(type.group) || type.group === CustomResourceDefinition.group) return true;
  const name = `${type.plural}.${type.group}`;
  const crd = store.objects.get(keyOf({ type: CustomResourceDefinition, name }))?.object;
  return crd !== undefined && servesVersion(crd, type.version);
};

const servesVersion = (crd: KubeObject, version: string): boolean => {
  const { spec, status } = crd as unknown as {
    readonly spec: {
      readonly versions: ReadonlyArray<{ readonly name: string; readonly served: boolean }>;
    };
    readonly status?: {
      readonly conditions?: ReadonlyArray<{ readonly type: string; readonly status: string }>;
    };
  };
  return (
    (status?.conditions ?? []).some((one) => one.type === "Established" && one.status === "True") &&
    spec.versions.some(({ name, served }) => name === version && served)
  );
};
