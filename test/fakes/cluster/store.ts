/** The objects of the cluster and the rules by which the API server keeps them; pure. */

import { type Json, jsonEquals } from "../../../src/domain/kube/json.ts";
import {
  apiVersionOf,
  CustomResourceDefinition,
  type KubeObject,
  type ManagedFieldsEntry,
  type ObjectRef,
  type ResourceType,
  refOf,
} from "../../../src/domain/kube/objects.ts";
import { managersOf, type Owned } from "./ownership.ts";

interface Shelf {
  readonly objects: ReadonlyMap<string, Owned>;
  /** By name; filled by the first list. */
  sorted: ReadonlyArray<KubeObject> | undefined;
}

/** The shelves of a type by namespace; `""` for what has none. */
type Collection = ReadonlyMap<string, Shelf>;

export interface Store {
  readonly collections: ReadonlyMap<string, Collection>;
  /** Counts writes: the source of resource versions and UIDs. */
  readonly writes: number;
}

export const emptyStore: Store = { collections: new Map(), writes: 0 };

const collectionOf = ({ group, plural }: ResourceType): string => `${group}/${plural}`;

const shelfOf = ({ type, namespace }: ObjectRef): string =>
  type.namespaced ? (namespace ?? "") : "";

export const keyOf = (ref: ObjectRef): string =>
  `${collectionOf(ref.type)}/${shelfOf(ref)}/${ref.name}`;

export const lookUp = ({ collections }: Store, ref: ObjectRef): Owned | undefined =>
  collections.get(collectionOf(ref.type))?.get(shelfOf(ref))?.objects.get(ref.name);

/** Everything there is. */
export const allObjects = ({ collections }: Store): ReadonlyArray<KubeObject> =>
  [...collections.values()].flatMap((shelves) =>
    [...shelves.values()].flatMap(({ objects }) =>
      [...objects.values()].map(({ object }) => object),
    ),
  );

/** The same, each with its type. */
export const allTyped = ({
  collections,
}: Store): ReadonlyArray<{ readonly type: ResourceType; readonly object: KubeObject }> =>
  [...collections].flatMap(([key, shelves]) => {
    const [group = "", plural = ""] = key.split("/");
    return [...shelves].flatMap(([namespace, { objects }]) =>
      [...objects.values()].map(({ object }) => ({
        type: {
          ...{ group, plural, kind: object.kind, namespaced: namespace !== "" },
          version: object.apiVersion.split("/").at(-1) ?? "",
        },
        object,
      })),
    );
  });

const withShelf = (
  { collections }: Store,
  ref: ObjectRef,
  change: (objects: Map<string, Owned>) => void,
): Store["collections"] => {
  const shelves = collections.get(collectionOf(ref.type));
  const objects = new Map(shelves?.get(shelfOf(ref))?.objects);
  change(objects);
  const shelf: Shelf = { objects, sorted: undefined };
  return new Map(collections).set(
    collectionOf(ref.type),
    new Map(shelves).set(shelfOf(ref), shelf),
  );
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
  const shelves = store.collections.get(collectionOf(type));
  if (shelves === undefined) return [];
  if (namespace !== undefined) {
    const shelf = shelves.get(type.namespaced ? namespace : "");
    return shelf === undefined ? [] : sorted(shelf);
  }
  return [...shelves.keys()].sort().flatMap((key) => sorted(shelves.get(key) as Shelf));
};

const sorted = (shelf: Shelf): ReadonlyArray<KubeObject> => {
  shelf.sorted ??= [...shelf.objects]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, { object }]) => object);
  return shelf.sorted;
};

/** Only types with a specification count its generations. */
const countsGenerations = ({ group, plural }: ResourceType): boolean =>
  group !== "" && plural !== "leases";

/** The same JSON, but for some of the fields. */
const sameBut = (fields: ReadonlyArray<string>, left: object, right: object): boolean => {
  const covers = (one: object, other: object): boolean =>
    Object.entries(one).every(
      ([key, value]) =>
        fields.includes(key) || jsonEquals(value, (other as Record<string, Json>)[key]),
    );
  const missing = Object.keys(right).some((key) => !fields.includes(key) && !(key in left));
  return !missing && covers(left, right);
};

/** The Deployment controller writes it beside the status, which counts for nothing. */
const ROLLOUT_REVISION = "deployment.kubernetes.io/revision";

/** A change of its annotations is a new generation of a Deployment, alone among the types. */
const sameGeneration = (type: ResourceType, left: KubeObject, right: KubeObject): boolean =>
  sameBut(["metadata", "status"], left, right) &&
  (type.plural !== "deployments" ||
    sameBut([ROLLOUT_REVISION], left.metadata.annotations ?? {}, right.metadata.annotations ?? {}));

const sameForClients = (left: KubeObject, right: KubeObject): boolean =>
  sameBut(["metadata"], left, right) && sameBut(["resourceVersion"], left.metadata, right.metadata);

const entries = new WeakMap<Owned["owners"], ReadonlyArray<ManagedFieldsEntry>>();

const managedFieldsOf = (owners: Owned["owners"]): ReadonlyArray<ManagedFieldsEntry> => {
  const known = entries.get(owners);
  if (known !== undefined) return known;
  const made = managersOf(owners).map((manager) => ({ manager, operation: "Apply" }));
  entries.set(owners, made);
  return made;
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
  const { uid, creationTimestamp, deletionTimestamp, generation = 0 } = live?.metadata ?? {};
  const changed = live === undefined || !sameGeneration(type, live, object);
  return {
    ...(type.namespaced ? object.metadata : withoutNamespace(object.metadata)),
    uid: uid ?? uidFor(number),
    creationTimestamp: creationTimestamp ?? new Date(now).toISOString(),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    resourceVersion: String(number),
    ...(countsGenerations(type) ? { generation: generation + (changed ? 1 : 0) } : {}),
    managedFields: managedFieldsOf(owners),
  };
};

const withoutNamespace = ({ namespace: _, ...metadata }: KubeObject["metadata"]) => metadata;

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
  const kept = live !== undefined && sameForClients(live, object) ? live : object;
  const collections = withShelf(store, ref, (objects) =>
    objects.set(ref.name, { object: kept, owners: next.owners }),
  );
  return [kept, { collections, writes: kept === live ? store.writes : number }];
};

/** Without the objects of a type whose CRD is gone. */
export const withoutType = (store: Store, crd: KubeObject): Store => {
  const collections = new Map(store.collections);
  const { group, names } = crd.spec as {
    readonly group: string;
    readonly names: { readonly plural: string };
  };
  return collections.delete(`${group}/${names.plural}`)
    ? { collections, writes: store.writes + 1 }
    : store;
};

export const removed = (store: Store, ref: ObjectRef): Store =>
  lookUp(store, ref) === undefined
    ? store
    : {
        collections: withShelf(store, ref, (objects) => objects.delete(ref.name)),
        writes: store.writes + 1,
      };

const BUILT_IN = new Set([
  "",
  "admissionregistration.k8s.io",
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
