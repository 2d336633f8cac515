/** JSON as it crosses the boundaries of Helm, the API server and the identity file. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export type JsonPath = ReadonlyArray<string>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What the value is, in the words an operator would use in a values file. */
export const describeType = (value: unknown): string => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return `a ${typeof value}`;
};

/** The value at `path`, or `undefined` when any step is missing or not a mapping. */
export const getPath = (root: Json | undefined, path: JsonPath): Json | undefined => {
  let current: Json | undefined = root;
  for (const key of path) {
    if (!isJsonObject(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
};

/** A copy of `root` with `value` at `path`; mappings on the way are created, anything else there is replaced. */
export const setPath = (root: JsonObject, path: JsonPath, value: Json): JsonObject => {
  const [key, ...rest] = path;
  if (key === undefined) return root;
  if (rest.length === 0) return { ...root, [key]: value };
  const child = Object.hasOwn(root, key) ? root[key] : undefined;
  return { ...root, [key]: setPath(isJsonObject(child) ? child : {}, rest, value) };
};

/** `root` with what `other` has at `path`, and without anything there when `other` has nothing; mappings that this empties go too. */
export const copyPath = (root: JsonObject, other: Json | undefined, path: JsonPath): JsonObject => {
  const [key, ...rest] = path;
  if (key === undefined) return root;
  const { [key]: own, ...others } = root;
  const theirs = isJsonObject(other) ? other[key] : undefined;
  if (rest.length === 0) return theirs === undefined ? others : { ...root, [key]: theirs };
  const child = copyPath(isJsonObject(own) ? own : {}, theirs, rest);
  const isEmptied = theirs === undefined && Object.keys(child).length === 0;
  return isEmptied ? others : { ...root, [key]: child };
};

/** Every leaf with its path, depth first in key order. Lists and empty mappings are leaves: Helm replaces lists whole. */
export const leaves = (
  root: JsonObject,
  prefix: JsonPath = [],
): ReadonlyArray<readonly [JsonPath, Json]> =>
  Object.entries(root).flatMap(([key, value]) => {
    const path = [...prefix, key];
    return isJsonObject(value) && Object.keys(value).length > 0
      ? leaves(value, path)
      : [[path, value] as const];
  });

/** Four times what the deepest schemas have; whatever walks down a value has room on the stack for it. */
export const MOST_LEVELS = 200;

/** Whether a value nests so deeply that walking down it could take more stack than there is. */
export const nestsTooDeeply = (value: unknown, levels: number = MOST_LEVELS): boolean => {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  const inner: ReadonlyArray<unknown> = Array.isArray(value) ? value : Object.values(value);
  return inner.some((one) => nestsTooDeeply(one, levels - 1));
};

/** Same JSON value, whatever the order of keys. */
export const jsonEquals = (left: Json | undefined, right: Json | undefined): boolean => {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => jsonEquals(item, right[index]))
    );
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && jsonEquals(left[key], right[key]))
  );
};

/** JSON text with sorted keys, so that equal values have equal text (and equal hashes). */
export const canonicalJson = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`);
  return `{${members.join(",")}}`;
};

export const dotted = (path: JsonPath): string => path.join(".");
