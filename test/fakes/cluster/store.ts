/** The objects of the cluster and the rules by which the API server keeps them; pure. */

import { type Json, jsonEquals } from "../../../src/domain/json.ts";
import {
  apiVersionOf,
  CustomResourceDefinition,
  type KubeObject,
  type ObjectRef,
  type ResourceType,
  refOf,
} from "../../../src/domain/kube.ts";
import { managersOf, type Owned } from "./ownership.ts";

interface Collection {
  readonly objects: ReadonlyMap<string, Owned>;
  /** Filled by the first list. */
  sorted: ReadonlyArray<readonly [string, KubeObject]> | undefined;
}

export interface Store {
  /** By type; an object's key within is `namespace/name`. */
  readonly collections: ReadonlyMap<string, Collection>;
  /** Counts writes: the source of resource versions and UIDs. */
  readonly writes: number;
}

export const emptyStore: Store = { collections: new Map(), writes: 0 };

const collectionOf = ({ group, plural }: ResourceType): string => `${group}/${plural}`;

const nameOf = ({ type, namespace, name }: ObjectRef): string =>
  `${type.namespaced ? (namespace ?? "") : ""}/${name}`;

export const keyOf = (ref: ObjectRef): string => `${collectionOf(ref.type)}/${nameOf(ref)}`;

export const lookUp = (store: Store, ref: ObjectRef): Owned | undefined =>
  store.collections.get(collectionOf(ref.type))?.objects.get(nameOf(ref));

/** Everything there is. */
export const allObjects = ({ collections }: Store): ReadonlyArray<KubeObject> =>
  [...collections.values()].flatMap(({ objects }) =>
    [...objects.values()].map(({ object }) => object),
  );

const withCollection = (
  { collections }: Store,
  type: ResourceType,
  change: (objects: Map<string, Owned>) => void,
): Store["collections"] => {
  const objects = new Map(collections.get(collectionOf(type))?.objects);
  change(objects);
  return new Map(collections).set(collectionOf(type), { objects, sorted: undefined });
};

/** `plural.group`, as the API server names a type in its messages. */
export const resourceName = ({ plural, group }: ResourceType): string =>
  group === "" ? plural : `${plural}.${group}`;

/** In the order of their names, as the API server lists: v10 before v2. */
export const listed = (
  store: Store,
  type: ResourceType,
  namespace: string | undefined,
): ReadonlyArray<KubeObject> => {
  const collection = store.collections.get(collectionOf(type));
  if (collection === undefined) return [];
  collection.sorted ??= [...collection.objects]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, { object }]) => [key, object] as const);
  return collection.sorted.flatMap(([key, object]) =>
    namespace === undefined || key.startsWith(`${namespace}/`) ? [object] : [],
  );
};

/** Only types with a specification count its generations. */
const countsGenerations = ({ group, plural }: ResourceType): boolean =>
  group !== "" && plural !== "leases";

const same = (left: object, right: object): boolean => jsonEquals(left as Json, right as Json);

const specificationOf = ({ metadata: _metadata, status: _status, ...specification }: KubeObject) =>
  specification;

const clientView = (object: KubeObject): object => {
  const { resourceVersion: _version, managedFields: _fields, ...metadata } = object.metadata;
  return { ...object, metadata };
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
  const changed = live === undefined || !same(specificationOf(live), specificationOf(object));
  const generation = (live?.metadata.generation ?? 0) + (changed ? 1 : 0);
  return {
    ...metadata,
    ...(type.namespaced && namespace !== undefined ? { namespace } : {}),
    uid: live?.metadata.uid ?? uidFor(number),
    creationTimestamp: live?.metadata.creationTimestamp ?? new Date(now).toISOString(),
    ...(live?.metadata.deletionTimestamp === undefined
      ? {}
      : { deletionTimestamp: live.metadata.deletionTimestamp }),
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
  const ref = refOf(type, next.object);
  const live = lookUp(store, ref)?.object;
  const number = store.writes + 1;
  const object: KubeObject = {
    ...next.object,
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: metadataFor(type, live, next, number, now),
  };
  const kept = live !== undefined && same(clientView(live), clientView(object)) ? live : object;
  const collections = withCollection(store, type, (objects) =>
    objects.set(nameOf(ref), { object: kept, owners: next.owners }),
  );
  return [kept, { collections, writes: kept === live ? store.writes : number }];
};

export const removed = (store: Store, ref: ObjectRef): Store =>
  lookUp(store, ref) === undefined
    ? store
    : {
        collections: withCollection(store, ref.type, (objects) => objects.delete(nameOf(ref))),
        writes: store.writes + 1,
      };

const BUILT_IN = new Set([
  "",
  "apps",
  "batch",
  "autoscaling",
  "coordination.k8s.io",
  "apiregistration.k8s.io",
]);

/** A custom type is served as soon as its CRD is Established, and by the versions that the CRD serves. */
export const isServed = (store: Store, type: ResourceType): boolean => {
  if (BUILT_IN.has(type.group) || type.group === CustomResourceDefinition.group) return true;
  const name = `${type.plural}.${type.group}`;
  const crd = lookUp(store, { type: CustomResourceDefinition, name })?.object;
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
