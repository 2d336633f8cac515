/** Items of lists whose key was changed on the cluster: to the server, and to Helm, another item beside the chart's own. */
import { isJsonObject, type Json, type JsonObject, jsonEquals } from "../kube/json.ts";
import type { KubeObject } from "../kube/objects.ts";
import {
  childrenOf,
  hasKeys,
  itemAt,
  keysOf,
  type OwnedPath,
  ownedTree,
  treeAt,
  valueAtOwned,
} from "./managed-fields.ts";

type Count = readonly [same: number, all: number];

const partsOf = (
  wanted: Json,
  found: Json | undefined,
): ReadonlyArray<readonly [Json, Json | undefined]> => {
  if (Array.isArray(wanted)) {
    const items: ReadonlyArray<Json> = Array.isArray(found) ? found : [];
    return wanted.map((item: Json, index) => [item, items[index]]);
  }
  return isJsonObject(wanted)
    ? Object.entries(wanted).map(([key, value]) => [
        value,
        isJsonObject(found) ? found[key] : undefined,
      ])
    : [];
};

const agreement = (wanted: Json, found: Json | undefined): Count => {
  const parts = partsOf(wanted, found);
  if (parts.length === 0) return [jsonEquals(wanted, found) ? 1 : 0, 1];
  const counts = parts.map(([left, right]) => agreement(left, right));
  return [
    counts.reduce((sum, [same]) => sum + same, 0),
    counts.reduce((sum, [, all]) => sum + all, 0),
  ];
};

const MOSTLY = 0.5;

/** Whether it has most of what the chart sets for the other one beside its key. */
const isLike = (wanted: Json, found: Json, keys: JsonObject): boolean => {
  if (!isJsonObject(wanted)) return false;
  const rest = Object.fromEntries(Object.entries(wanted).filter(([key]) => !(key in keys)));
  const [same, all] = agreement(rest, found);
  return Object.keys(rest).length > 0 && same / all > MOSTLY;
};

const keyedLists = (tree: JsonObject, path: OwnedPath = []): ReadonlyArray<OwnedPath> =>
  childrenOf(tree).flatMap(([step, child]) => {
    const at = [...path, step];
    const isKeyed = childrenOf(child).some(([below]) => below.startsWith("k:"));
    return [...(isKeyed ? [at] : []), ...keyedLists(child, at)];
  });

const itemsAt = (object: KubeObject | undefined, path: OwnedPath): ReadonlyArray<Json> => {
  const found = valueAtOwned(object as unknown as Json, path);
  return Array.isArray(found) ? found : [];
};

/** The item as the last manifest had it, which is what was edited. */
const asBefore = (item: Json, keys: JsonObject, before: ReadonlyArray<Json>): Json => {
  const own = isJsonObject(item)
    ? Object.fromEntries(Object.entries(item).filter(([key]) => key in keys))
    : {};
  return before.find((one) => hasKeys(one, own)) ?? item;
};

/**
 * Such as a port with another number or a container with another name: one of the chart is missing, and one that is mostly
 * like it is there instead.
 */
export const replacedItems = (
  live: KubeObject,
  previous: KubeObject | undefined,
  next: KubeObject,
): ReadonlyArray<OwnedPath> => {
  const tree = ownedTree(live);
  return keyedLists(tree).flatMap((list) => {
    const [there, before, after] = [
      itemsAt(live, list),
      itemsAt(previous, list),
      itemsAt(next, list),
    ];
    const steps = childrenOf(treeAt(tree, list))
      .map(([step]) => step)
      .filter((step) => itemAt(there, step) !== undefined);
    const missing = after.filter(
      (item) => !steps.some((step) => itemAt([item], step) !== undefined),
    );
    const isCharts = (step: string) =>
      itemAt(before, step) !== undefined || itemAt(after, step) !== undefined;
    const isInstead = (step: string) => {
      const [found, keys] = [itemAt(there, step), keysOf(step)];
      return (
        found !== undefined &&
        keys !== undefined &&
        missing.some((item) => isLike(asBefore(item, keys, before), found, keys))
      );
    };
    return steps
      .filter((step) => !isCharts(step) && isInstead(step))
      .map((step) => [...list, step]);
  });
};
