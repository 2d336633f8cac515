/** Hand edits of live objects, drawn by seed: any field that the chart sets, in the ways that people and programs edit. */
import type { Json, JsonObject } from "../../../src/domain/kube/json.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import type { Dice } from "../../simulation/dice.ts";

export const MANNERS = ["patch", "replace", "apply", "server-side apply"] as const;

export interface Edit {
  readonly object: KubeObject;
  /** Keys and list indexes. */
  readonly path: ReadonlyArray<string | number>;
  readonly manner: (typeof MANNERS)[number];
  /** `undefined` removes the field. */
  readonly value: Json | undefined;
}

interface Leaf {
  readonly path: ReadonlyArray<string | number>;
  readonly value: Json;
}

const leavesOf = (value: Json, path: Leaf["path"] = []): ReadonlyArray<Leaf> => {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => leavesOf(item, [...path, index]));
  }
  return typeof value === "object" && value !== null
    ? Object.entries(value as JsonObject).flatMap(([key, child]) => leavesOf(child, [...path, key]))
    : [{ path, value }];
};

/** What names an object is not edited, but replaced by another object. The mark of Helm is not the chart's. */
const IDENTITY =
  /^(?:apiVersion|kind|metadata\.(?:name|namespace)|metadata\.labels\.app\.kubernetes\.io\/managed-by)$/;

const other = (value: Json): Json => {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value + 1;
  const text = String(value);
  const amount = /^(\d+)([a-zA-Z]*)$/.exec(text);
  return amount === null ? `${text}-edited` : `${Number(amount[1]) + 1}${amount[2]}`;
};

export const drawEdit = (dice: Dice, objects: ReadonlyArray<KubeObject>): Edit => {
  const object = dice.pick(objects);
  const leaves = leavesOf(object as unknown as Json).filter(
    ({ path }) => !IDENTITY.test(path.join(".")),
  );
  const { path, value } = dice.pick(leaves);
  const hasIndex = path.some((step) => typeof step === "number");
  const manner = dice.pick(MANNERS);
  return {
    object,
    path,
    // Applied on the server, a list would need the keys of its items.
    manner: hasIndex && manner === "server-side apply" ? "patch" : manner,
    // An item that goes would move those after it.
    value: typeof path.at(-1) === "string" && dice.chance(0.2) ? undefined : other(value),
  };
};

export const valueAt = (root: unknown, path: Edit["path"]): Json | undefined =>
  path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    root,
  ) as Json | undefined;

/** A copy with another value there, or none. */
export const edited = <A>(root: A, [step, ...rest]: Edit["path"], value: Json | undefined): A => {
  if (step === undefined) return value as A;
  const child = (root as Record<string | number, unknown>)[step];
  const next = rest.length === 0 ? value : edited(child, rest, value);
  if (Array.isArray(root)) {
    const items = root.map((item, index) => (index === step ? next : item));
    return items.filter((item) => item !== undefined) as A;
  }
  const { [step as string]: _, ...others } = root as Record<string, unknown>;
  return (next === undefined ? others : { ...others, [step]: next }) as A;
};

/** The field alone, as one who applies nothing else would send it. */
export const alone = ({ object, path, value }: Edit): JsonObject => {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  const set = (at: Edit["path"], into: Record<string, Json>): Record<string, Json> => {
    const [step = "", ...rest] = at;
    const below = (into[step] ?? {}) as Record<string, Json>;
    return { ...into, [step]: rest.length === 0 ? (value ?? null) : set(rest, below) };
  };
  const named = { apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) } };
  return set(path, named as Record<string, Json>);
};

export const isSameField = (one: Edit, two: Edit): boolean =>
  one.object === two.object && one.path.join("/") === two.path.join("/");

export const showEdit = ({ object, path, manner, value }: Edit): string =>
  `${manner} ${object.kind} ${object.metadata.name} ${path.join(".")} = ${JSON.stringify(value)}`;

const tally = (words: ReadonlyArray<string>): string =>
  [...Map.groupBy(words, (word) => word)]
    .map(([word, { length }]) => [word, length] as const)
    .sort(([, one], [, two]) => two - one)
    .map(([word, count]) => `${count} ${word}`)
    .join(", ");

/** What the table of docs/test-cluster.md has. */
export const talliesOf = (edits: ReadonlyArray<Edit>, ends: ReadonlyArray<string>): string =>
  [
    `${edits.length} edits, ${edits.filter(({ value }) => value === undefined).length} of them removals`,
    `by ${tally(edits.map(({ manner }) => manner))}`,
    `of ${tally(edits.map(({ object }) => object.kind))}`,
    `runs that ended with ${tally(ends)}`,
  ].join("\n");

/** Keys alone: lists are told apart by different means in different places. */
const keysOf = (path: string): string => path.replaceAll(/\[[^\]]*\]/g, "").replaceAll(".", " ");

/** Whether a path of the list is that of the edit, or of what holds it. */
export const isListed = ({ path }: Edit, listed: string): boolean => {
  const keys = path.filter((step) => typeof step === "string").join(".");
  const [mine, theirs] = [keysOf(keys), keysOf(listed)];
  return mine === theirs || mine.startsWith(`${theirs} `) || theirs.startsWith(`${mine} `);
};
