/** Values that nobody meant: as data, and as the text of a file or a field that should hold data. */
import type { Dice } from "../simulation/dice.ts";
import { drawnText } from "./text.ts";

export type Path = ReadonlyArray<string | number>;
export type Tree = unknown;

/** The way to every leaf; those of a member's own name too, and nothing beneath what nests deeply. */
export const leavesOf = (value: Tree, path: Path = []): ReadonlyArray<Path> => {
  if (typeof value !== "object" || value === null || path.length > 40) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.length === 0
    ? [path]
    : entries.flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
};

export const changedAt = (
  value: Tree,
  [key, ...rest]: Path,
  change: (leaf: Tree) => Tree,
): Tree => {
  if (key === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.map((one, index) => (index === key ? changedAt(one, rest, change) : one));
  }
  return Object.fromEntries(
    Object.entries(value as object).map(([name, inner]) => [
      name,
      name === key ? changedAt(inner, rest, change) : inner,
    ]),
  );
};

/** As a validating server would take them of an int32. */
const INTEGERS = [0, 1, 3, 65_535, 2_147_483_647];
const NUMBERS = [...INTEGERS, -1, -0, 0.5, 4_294_967_296, 2 ** 53 + 2, 1e308, -1e308, 5e-324];

/** What makes a careless pattern look for ever, a shell run it, a template fill it in, a parser take it for another type. */
const BAITS: ReadonlyArray<string> = [
  "eyJ-",
  "password=",
  "-----BEGIN PRIVATE KEY-----",
  "--api-key ",
  "//a:",
  "authorization: ",
  "sk-",
  "$(touch x)",
  "`id`",
  "'; rm -rf / #",
  "{{ .Values.secret }}",
  "%s%n",
  "../../../../etc/passwd",
  "NaN",
  "-Infinity",
  "1e999",
  "__proto__",
  "constructor",
  "null",
  "yes",
  "0x10",
  "2026-02-30T25:61:61Z",
  "9999999999999999999999",
  "😀",
  "e\u0301\u0301\u0301",
];

/** Most are short, as most fields are; one in fifty is as long as fields get. */
export const hostileText = (dice: Dice): string => {
  if (dice.chance(0.6)) return drawnText(dice);
  const bait = dice.pick(BAITS);
  if (dice.chance(0.9)) return `${dice.chance(0.5) ? drawnText(dice) : ""}${bait}`;
  const length = dice.pick([1_000, 10_000, 10_000, 200_000]);
  return bait.repeat(Math.ceil(length / bait.length));
};

const LISTS = ["[", '{"a":'] as const;

/** JSON, and nothing but brackets. */
export const deepJson = (levels: number, open: (typeof LISTS)[number]): string =>
  `${open.repeat(levels)}1${(open === "[" ? "]" : "}").repeat(levels)}`;

/** Mostly what is quickly read. */
const DEPTHS = [10, 40, 40, 100, 100, 100, 300, 300, 300, 300, 300, 300, 3_000, 30_000];

const POLLUTING = '{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}';

/** Of the same type, as a server that validates would still take it. */
export const sameType =
  (dice: Dice) =>
  (leaf: Tree): Tree => {
    if (typeof leaf === "string") return `${dice.chance(0.7) ? leaf : ""}${hostileText(dice)}`;
    if (typeof leaf === "number") return dice.pick(INTEGERS);
    if (typeof leaf === "boolean") return !leaf;
    return leaf;
  };

/** Of any type, and now and then deeper or wider than anything has reason to be. */
export const anything =
  (dice: Dice, levels: ReadonlyArray<number> = [50, 150, 300]) =>
  (leaf: Tree): Tree =>
    dice.chance(0.4)
      ? sameType(dice)(leaf)
      : dice.pick<() => Tree>([
          () => null,
          () => ({}),
          () => [],
          () => "",
          () => !leaf,
          () => dice.pick(NUMBERS),
          () => dice.pick(NUMBERS),
          () => hostileText(dice),
          () => [leaf, leaf, null],
          () => ({ [hostileText(dice)]: leaf }),
          () => JSON.parse(POLLUTING),
          () => (dice.chance(0.1) ? Array.from({ length: 2_000 }, () => ({})) : [{}, {}]),
          () =>
            dice.chance(0.1) ? JSON.parse(deepJson(dice.pick(levels), dice.pick(LISTS))) : [[[]]],
        ])();

/** The same data with one to three places changed. */
export const mutated = (
  value: Tree,
  dice: Dice,
  change: (leaf: Tree) => Tree = anything(dice),
  isFree: (path: Path) => boolean = () => true,
): Tree =>
  Array.from({ length: 1 + dice.int(3) }).reduce<Tree>((now) => {
    const paths = leavesOf(now).filter(isFree);
    if (paths.length === 0) return now;
    const path = dice.pick(paths);
    // Now and then what holds the leaf is what goes.
    const cut = dice.chance(0.2) ? path.slice(0, 1 + dice.int(path.length)) : path;
    return changedAt(now, isFree(cut) ? cut : path, change);
  }, value);

/** What can become of a text on its way: cut off, marked, torn, in another encoding, not what it was at all. */
export const tornText = (text: string, dice: Dice): string => {
  const at = dice.int(text.length + 1);
  return dice.pick<() => string>([
    () => text.slice(0, at),
    () => `\ufeff${text}`,
    () => `${text}\0`,
    () => `${text.slice(0, at)}${hostileText(dice)}${text.slice(at)}`,
    () => `${text.slice(0, at)}${hostileText(dice)}${text.slice(at + dice.int(20))}`,
    () => text + text,
    () => `${text}${"\n".repeat(1 + dice.int(3))}`,
    () => text.replaceAll("\n", "\r\n"),
    () => text.replaceAll('"', "'"),
    () => deepJson(dice.pick(DEPTHS), dice.pick(LISTS)),
    () => text.slice(0, at) + "[".repeat(dice.pick(DEPTHS)),
    () => "",
    () => hostileText(dice),
  ])();
};

/** The text of some JSON after somebody changed it. */
export const inJson = (text: string, dice: Dice): string => {
  if (dice.chance(0.25)) return tornText(text, dice);
  try {
    const value: Tree = JSON.parse(text);
    // What was parsed may nest more deeply than it can be written again.
    return JSON.stringify(mutated(value, dice, anything(dice, [50, 190, 210, 1_000])));
  } catch {
    return tornText(text, dice);
  }
};

/** As bytes: in one of the encodings there are, or with some that belong to none. */
export const encoded = (text: string, dice: Dice): Buffer =>
  dice.mostly<() => Buffer>(
    () => Buffer.from(text),
    [
      () => Buffer.from(`\ufeff${text}`, "utf16le"),
      () => Buffer.from(text, "utf16le"),
      () => Buffer.from(text, "utf16le").swap16(),
      () => Buffer.from(text, "latin1"),
      () => Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0xfe, 0xc0, 0x80])]),
      () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]),
    ],
  )();
