/** An object of the chart laid over the live one, as the server or Helm would do it. */

import type { ApplyMethod } from "../helm/arguments.ts";
import { isJsonObject, type Json, type JsonObject, jsonEquals } from "../kube/json.ts";
import type { KubeObject, ResourceType } from "../kube/objects.ts";
import { isBuiltIn } from "./field-owners.ts";
import { type OwnedPath, ownedTree, stepOf, treeAt, withoutOwned } from "./managed-fields.ts";

/** RFC 7386: what makes the second one of the first. */
const mergePatchBetween = (before: JsonObject, after: JsonObject): JsonObject => {
  const gone = Object.keys(before).filter((key) => after[key] === undefined);
  const patch: Record<string, Json> = Object.fromEntries(gone.map((key) => [key, null]));
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (jsonEquals(old, value)) continue;
    patch[key] = isJsonObject(old) && isJsonObject(value) ? mergePatchBetween(old, value) : value;
  }
  return patch;
};

/** RFC 7386. */
export const mergePatched = (target: Json | undefined, patch: Json): Json => {
  if (!isJsonObject(patch)) return patch;
  const result: Record<string, Json> = isJsonObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatched(result[key], value);
  }
  return result;
};

type Items = ReadonlyArray<Json>;

/** Lists with keys item by item, other lists as a whole, mappings field by field; what only the last manifest had goes. */
const laidOver = (
  live: Json | undefined,
  next: Json,
  previous: Json | undefined,
  tree: JsonObject | undefined,
): Json => {
  if (isJsonObject(next)) {
    const there = isJsonObject(live) ? live : {};
    const old = isJsonObject(previous) ? previous : {};
    const kept = Object.entries(there).filter(([key]) => !(key in old) || key in next);
    return {
      ...Object.fromEntries(kept),
      ...Object.fromEntries(
        Object.entries(next)
          .filter(([, value]) => value !== null)
          .map(([key, value]) => [
            key,
            laidOver(there[key], value, old[key], treeAt(tree, [`f:${key}`])),
          ]),
      ),
    };
  }
  if (!Array.isArray(next) || !Array.isArray(live)) return next;
  const old: Items = Array.isArray(previous) ? previous : [];
  const named = (items: Items) =>
    new Map(
      items.flatMap((item) => {
        const step = stepOf(tree, item);
        return step === undefined ? [] : [[step, item] as const];
      }),
    );
  const [wanted, before] = [named(next), named(old)];
  if (live.some((item) => stepOf(tree, item) === undefined)) return next;
  const kept = live.flatMap((item): Items => {
    const step = stepOf(tree, item) ?? "";
    const asked = wanted.get(step);
    if (asked !== undefined) {
      return [laidOver(item, asked, before.get(step), treeAt(tree, [step]))];
    }
    return before.has(step) ? [] : [item];
  });
  const there = new Set(live.map((item) => stepOf(tree, item)));
  return [...kept, ...next.filter((item) => !there.has(stepOf(tree, item)))];
};

export interface MergedFrom {
  readonly live: KubeObject;
  readonly previous: KubeObject | undefined;
  readonly next: KubeObject;
  readonly type: ResourceType;
  /** How Helm writes it. */
  readonly method: ApplyMethod;
}

const json = (object: KubeObject): JsonObject => object as unknown as JsonObject;

/** The live object with the next one written and without these parts of it. */
export const mergedObject = (
  { live, previous, next, type, method }: MergedFrom,
  without: ReadonlyArray<OwnedPath>,
): KubeObject => {
  const left = without.reduce<Json>(withoutOwned, json(live));
  // Where Helm patches a custom resource itself, it sends what differs in two manifests.
  const merged =
    method === "client" && !isBuiltIn(type) && previous !== undefined
      ? mergePatched(left, mergePatchBetween(json(previous), json(next)))
      : laidOver(left, json(next), previous && json(previous), ownedTree(live));
  return merged as unknown as KubeObject;
};

/** The patch that makes that of the live object, if it is still the one that was read. */
export const patchTo = (live: KubeObject, wanted: KubeObject): JsonObject => {
  const { managedFields: _, ...metadata } = wanted.metadata;
  const { managedFields: __, ...before } = live.metadata;
  const patch = mergePatchBetween(
    json({ ...live, metadata: before }),
    json({ ...wanted, metadata }),
  );
  const { resourceVersion } = live.metadata;
  const changed = isJsonObject(patch.metadata) ? patch.metadata : {};
  return {
    ...patch,
    metadata: { ...changed, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  };
};
