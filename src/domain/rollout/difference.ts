/** How what was found differs from what was asked for, where others and the server may add what they like. */
import { type Json, jsonEquals } from "../kube/json.ts";
import { stringAt } from "../kube/objects.ts";
import type { Staleness } from "./trouble/waiting-for.ts";

export type Tree = { readonly [key: string]: unknown };

export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const nameOf = (item: unknown): string | undefined =>
  stringAt(item, "name") ?? stringAt(item, "topologyKey");

export interface Difference {
  /** From the Deployment's `spec`, e.g. `template.spec.containers.envoy.image`. */
  readonly path: string;
  readonly found: unknown;
  readonly asked: unknown;
}

const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The server writes quantities in its own way: `1000m` comes back as `1`. */
const quantity = (value: unknown): number | undefined => {
  const parts = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(String(value));
  if (parts === null) return undefined;
  const unit = parts[2] === "" ? 1 : SUFFIXES[parts[2] as string];
  return unit === undefined ? undefined : Number(parts[1]) * unit;
};

/** The server leaves fields out that have the value they would have without being there. */
const isLeftOut = (asked: unknown): boolean => asked === 0 || asked === "" || asked === false;

const sameScalar = (found: unknown, asked: unknown): boolean =>
  (found === undefined && isLeftOut(asked)) ||
  String(found) === String(asked) ||
  (quantity(asked) !== undefined && quantity(asked) === quantity(found));

const isNamed = (items: ReadonlyArray<unknown>): boolean =>
  items.every((item) => nameOf(item) !== undefined);

const counterpart = (
  { byName, index }: { readonly byName: boolean; readonly index: number },
  item: unknown,
  among: ReadonlyArray<unknown>,
): unknown => (byName ? among.find((one) => nameOf(one) === nameOf(item)) : among[index]);

/** Everything asked for that is not so; whatever else the live object has is its controllers' and the server's. */
export const differences = (
  found: unknown,
  asked: unknown,
  path: ReadonlyArray<string> = [],
): ReadonlyArray<Difference> => {
  const differs = [{ path: path.join("."), found, asked }];
  if (asked === null) return found === undefined || found === null ? [] : differs;
  if (Array.isArray(asked)) {
    if (!Array.isArray(found)) return asked.length === 0 ? [] : differs;
    const byName = isNamed(asked);
    if (!byName && asked.length !== found.length) return differs;
    return asked.flatMap((item, index) =>
      differences(counterpart({ byName, index }, item, found), item, [
        ...path,
        nameOf(item) ?? String(index),
      ]),
    );
  }
  if (isTree(asked)) {
    const keys = Object.keys(asked);
    if (!isTree(found)) return keys.length === 0 ? [] : differs;
    return keys.flatMap((key) => differences(found[key], asked[key], [...path, key]));
  }
  return sameScalar(found, asked) ? [] : differs;
};

export const firstDifference = (found: unknown, asked: unknown): Difference | undefined =>
  differences(found, asked)[0];

/** The part of `whole` that `shape` is about. */
export const partOf = (whole: unknown, shape: unknown): unknown => {
  if (Array.isArray(shape) && Array.isArray(whole)) {
    // A list without names is one value: an added item is a change.
    if (!isNamed(shape)) return whole;
    return shape.flatMap((item, index) => {
      const part = counterpart({ byName: true, index }, item, whole);
      return part === undefined ? [] : [{ ...(partOf(part, item) as Tree) }];
    });
  }
  if (!isTree(shape) || !isTree(whole)) return whole;
  return Object.fromEntries(
    Object.keys(shape)
      .filter((key) => key in whole)
      .map((key) => [key, partOf(whole[key], shape[key])]),
  );
};

/** The longest end that both have, from which on they are the same. */
const commonEnd = (left: string, right: string): number => {
  let length = 0;
  while (
    length < Math.min(left.length, right.length) &&
    left.at(-1 - length) === right.at(-1 - length)
  ) {
    length += 1;
  }
  return length;
};

/** Whether both are one rewriting: `registry/a:1` for `a:1` then, `registry/a:2` for `a:2` now. */
const sameRewriting = (before: Difference, now: Difference): boolean => {
  const [asked, found] = [before.asked, before.found];
  if (typeof asked !== "string" || typeof found !== "string") return false;
  const shared = commonEnd(asked, found);
  const [from, to] = [asked.slice(0, asked.length - shared), found.slice(0, found.length - shared)];
  const [newAsked, newFound] = [String(now.asked), String(now.found)];
  return (
    shared > 0 &&
    newAsked.startsWith(from) &&
    newFound.startsWith(to) &&
    newAsked.slice(from.length) === newFound.slice(to.length)
  );
};

const same = (left: unknown, right: unknown): boolean =>
  left === right || (left !== undefined && jsonEquals(left as Json, right as Json));

/** Whether a policy makes of what is asked for now what it made of it before. */
export const isAsBefore = (before: ReadonlyArray<Difference>, now: Difference): boolean =>
  before.some(
    (one) =>
      one.path === now.path &&
      ((same(one.asked, now.asked) && same(one.found, now.found)) || sameRewriting(one, now)),
  );

const shown = (value: unknown): string | undefined =>
  value === undefined || typeof value === "string"
    ? value
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);

const IMAGE_PATH = /containers\.[^.]+\.image$/;

/** The same as a report shows it. */
export const stalenessOf = ({ path, found, asked }: Difference): Staleness =>
  IMAGE_PATH.test(path)
    ? { _tag: "Image", found: shown(found ?? undefined), asked: shown(asked) }
    : { _tag: "Field", path, found: shown(found), asked: shown(asked) };
