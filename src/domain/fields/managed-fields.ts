/** Who owns which part of a live object, as the API server keeps it in `metadata.managedFields` (FieldsV1). */

import { isJsonObject, type Json, type JsonObject, jsonEquals } from "../kube/json.ts";
import type { KubeObject, ManagedFieldsEntry } from "../kube/objects.ts";
import { HELM_MANAGER } from "./field-owners.ts";

/** Steps as the server writes them: `f:NAME` a field, `k:{…}` the item of a list with these keys, `v:…` that value of a set. */
export type OwnedPath = ReadonlyArray<string>;

const SELF = ".";

const treeOf = ({ fieldsV1 }: ManagedFieldsEntry): JsonObject =>
  isJsonObject(fieldsV1) ? fieldsV1 : {};

const isOfStatus = ({ subresource }: ManagedFieldsEntry): boolean => subresource === "status";

/** Helm's own, where the server applies: only such an entry lets an apply take fields away. */
const isHelmsApply = ({ manager, operation, subresource }: ManagedFieldsEntry): boolean =>
  manager === HELM_MANAGER && operation === "Apply" && subresource === undefined;

export const childrenOf = (tree: Json | undefined): ReadonlyArray<readonly [string, JsonObject]> =>
  isJsonObject(tree)
    ? Object.entries(tree).flatMap(([step, child]) =>
        step === SELF || !isJsonObject(child) ? [] : [[step, child] as const],
      )
    : [];

const joined = (one: JsonObject, two: JsonObject): JsonObject => {
  const all: Record<string, Json> = SELF in two ? { ...one, [SELF]: {} } : { ...one };
  for (const [step, child] of childrenOf(two)) {
    const there = all[step];
    all[step] = isJsonObject(there) ? joined(there, child) : child;
  }
  return all;
};

const entriesOf = ({ metadata }: KubeObject): ReadonlyArray<ManagedFieldsEntry> =>
  (metadata.managedFields ?? []).filter((entry) => !isOfStatus(entry));

/** What all of them own together. It also says which lists have keys, and which. */
export const ownedTree = (object: KubeObject): JsonObject =>
  entriesOf(object).map(treeOf).reduce(joined, {});

export const treeAt = (tree: Json | undefined, path: OwnedPath): JsonObject | undefined => {
  const found = path.reduce<Json | undefined>(
    (at, step) => (isJsonObject(at) ? at[step] : undefined),
    tree,
  );
  return isJsonObject(found) ? found : undefined;
};

/** All managers that own it or something in it. */
export const ownersOf = (object: KubeObject, path: OwnedPath): ReadonlyArray<string> => [
  ...new Set(
    entriesOf(object)
      .filter((entry) => treeAt(treeOf(entry), path) !== undefined)
      .map(({ manager = "(unnamed)" }) => manager),
  ),
];

export const keysOf = (step: string): JsonObject | undefined => {
  if (!step.startsWith("k:")) return undefined;
  const keys: Json = JSON.parse(step.slice(2));
  return isJsonObject(keys) ? keys : undefined;
};

/** The one key that the server fills in. */
const KEY_DEFAULTS: JsonObject = { protocol: "TCP" };

export const hasKeys = (item: Json, keys: JsonObject): boolean =>
  isJsonObject(item) &&
  Object.entries(keys).every(([key, value]) => jsonEquals(item[key] ?? KEY_DEFAULTS[key], value));

const indexOfStep = (items: ReadonlyArray<Json>, step: string): number => {
  const keys = keysOf(step);
  if (keys !== undefined) return items.findIndex((item) => hasKeys(item, keys));
  return step.startsWith("v:")
    ? items.findIndex((item) => jsonEquals(item, JSON.parse(step.slice(2))))
    : -1;
};

export const itemAt = (items: ReadonlyArray<Json>, step: string): Json | undefined =>
  items[indexOfStep(items, step)];

export const valueAtOwned = (value: Json | undefined, path: OwnedPath): Json | undefined =>
  path.reduce<Json | undefined>((at, step) => {
    if (Array.isArray(at)) return itemAt(at, step);
    return isJsonObject(at) && step.startsWith("f:") ? at[step.slice(2)] : undefined;
  }, value);

/** A copy without what is there. */
export const withoutOwned = (value: Json, [step, ...rest]: OwnedPath): Json => {
  if (step === undefined) return value;
  if (Array.isArray(value)) {
    const at = indexOfStep(value, step);
    if (at === -1) return value;
    return rest.length === 0
      ? value.filter((_, index) => index !== at)
      : value.map((item, index) => (index === at ? withoutOwned(item, rest) : item));
  }
  const name = step.slice(2);
  if (!isJsonObject(value) || value[name] === undefined) return value;
  const { [name]: child, ...others } = value;
  return rest.length === 0 ? others : { ...value, [name]: withoutOwned(child as Json, rest) };
};

/** As the server writes paths in its messages, without the first dot. */
export const showOwnedPath = (path: OwnedPath): string =>
  path
    .map((step) => {
      const keys = keysOf(step);
      if (keys === undefined)
        return step.startsWith("f:") ? `.${step.slice(2)}` : `[=${step.slice(2)}]`;
      const pairs = Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
      return `[${pairs.join(",")}]`;
    })
    .join("")
    .slice(1);

/** Which step of the tree an item of a list belongs to; nothing where the list is owned as a whole. */
export const stepOf = (tree: JsonObject | undefined, item: Json): string | undefined =>
  childrenOf(tree).find(([step]) => itemAt([item], step) !== undefined)?.[0];

const cut = (tree: JsonObject, [step, ...rest]: OwnedPath): JsonObject => {
  if (step === undefined) return tree;
  const { [step]: child, ...others } = tree;
  if (!isJsonObject(child)) return tree;
  return rest.length === 0 ? others : { ...tree, [step]: cut(child, rest) };
};

const grown = (tree: JsonObject, [step, ...rest]: OwnedPath, leaf: JsonObject): JsonObject => {
  if (step === undefined) return joined(tree, leaf);
  const child = tree[step];
  return { ...tree, [step]: grown(isJsonObject(child) ? child : {}, rest, leaf) };
};

/**
 * The entries with these fields owned by Helm alone, so that its next apply takes away what the chart does not have. Nothing
 * where Helm has not applied the object.
 */
export const handedToHelm = (
  object: KubeObject,
  paths: ReadonlyArray<OwnedPath>,
): ReadonlyArray<ManagedFieldsEntry> | undefined => {
  const { apiVersion, metadata } = object;
  const entries = metadata.managedFields ?? [];
  const helms = entries.find((entry) => isHelmsApply(entry) && entry.apiVersion === apiVersion);
  if (helms === undefined) return undefined;
  const all = ownedTree(object);
  return entries.map((entry) => {
    if (isOfStatus(entry)) return entry;
    const fieldsV1 =
      entry === helms
        ? paths.reduce(
            (tree, path) => grown(tree, path, { ...treeAt(all, path), [SELF]: {} }),
            treeOf(entry),
          )
        : paths.reduce(cut, treeOf(entry));
    return { ...entry, fieldsV1 };
  });
};

/** Parts that only others own, as far up as the chart has nothing of them; what is about the object itself does not count. */
export const foreignParts = (
  object: KubeObject,
  charts: ReadonlyArray<KubeObject>,
): ReadonlyArray<OwnedPath> => {
  const asked = charts as unknown as ReadonlyArray<Json>;
  const walk = (tree: JsonObject, path: OwnedPath): ReadonlyArray<OwnedPath> =>
    childrenOf(tree).flatMap(([step, child]) => {
      const at = [...path, step];
      if (asked.some((chart) => valueAtOwned(chart, at) !== undefined)) return walk(child, at);
      return ownersOf(object, at).every((owner) => owner === HELM_MANAGER) ? [] : [at];
    });
  const { "f:metadata": _, "f:status": __, ...tree } = ownedTree(object);
  return walk(tree, []);
};
