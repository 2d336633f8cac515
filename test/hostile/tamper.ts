/** Objects of a cluster as somebody who may write them could leave them. */
import { gunzipSync, gzipSync } from "node:zlib";
import type { KubeObject } from "../../src/domain/kube/objects.ts";
import type { Dice } from "../simulation/dice.ts";
import { drawnText } from "./text.ts";

type Path = ReadonlyArray<string | number>;
type Tree = unknown;

const leavesOf = (value: Tree, path: Path = []): ReadonlyArray<Path> => {
  if (typeof value !== "object" || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.length === 0
    ? [path]
    : entries.flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
};

const changedAt = (value: Tree, [key, ...rest]: Path, change: (leaf: Tree) => Tree): Tree => {
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
const NUMBERS = [...INTEGERS, -1, 0.5, 4_294_967_296, 1e308, -1e308];

/** Of the same type, as a server that validates would still take it. */
const sameType =
  (dice: Dice) =>
  (leaf: Tree): Tree => {
    if (typeof leaf === "string") return `${dice.chance(0.8) ? leaf : ""}${drawnText(dice)}`;
    if (typeof leaf === "number") return dice.pick(INTEGERS);
    if (typeof leaf === "boolean") return !leaf;
    return leaf;
  };

const anything =
  (dice: Dice) =>
  (leaf: Tree): Tree =>
    dice.chance(0.4)
      ? sameType(dice)(leaf)
      : dice.pick<Tree>([
          null,
          {},
          [],
          "",
          drawnText(dice),
          "x".repeat(100_000),
          dice.pick(NUMBERS),
          Array.from({ length: 2_000 }, () => ({})),
          JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
        ]);

const inJson = (text: string, dice: Dice): string => {
  try {
    const value: Tree = JSON.parse(text);
    return JSON.stringify(changedAt(value, dice.pick(leavesOf(value)), anything(dice)));
  } catch {
    return `${text}${drawnText(dice)}`;
  }
};

const recordAs = (bytes: Buffer): string =>
  Buffer.from(bytes.toString("base64")).toString("base64");

/** One that was cut off before is not read any more. */
const unzipped = (bytes: Buffer): Buffer => {
  try {
    return gunzipSync(bytes);
  } catch {
    return Buffer.from("{}");
  }
};

const tamperedRecord = (data: string, dice: Dice): string => {
  const bytes = Buffer.from(Buffer.from(data, "base64").toString(), "base64");
  const isZipped = bytes[0] === 0x1f;
  const json = (isZipped ? unzipped(bytes) : bytes).toString();
  const next = Buffer.from(inJson(json, dice));
  return dice.pick([
    () => recordAs(gzipSync(next)),
    () => recordAs(next),
    () => recordAs(gzipSync(next).subarray(0, -20)),
    () => "not base64 at all",
  ])();
};

/** The server's own, what finds the object again, and numbers of pods: the simulation would make each of two thousand million. */
const FIXED =
  /^(?:apiVersion|kind|metadata\.(?:name|namespace|uid|resourceVersion|generation|managedFields|creationTimestamp|ownerReferences|labels\.(?:owner|name|version|app|gateway)).*|spec\.(?:selector|template).*|.*(?:[rR]eplicas|maxSurge|maxUnavailable))$/;

/** One object, changed in a place or three. */
export const tampered = (object: KubeObject, dice: Dice): KubeObject => {
  const data = (object as { readonly data?: Record<string, string> }).data;
  if (object.kind === "Secret" && data?.release !== undefined && dice.chance(0.8)) {
    return {
      ...object,
      data: { ...data, release: tamperedRecord(data.release, dice) },
    } as KubeObject;
  }
  if (object.kind === "ConfigMap" && data !== undefined && dice.chance(0.8)) {
    const key = dice.pick(Object.keys(data));
    return { ...object, data: { ...data, [key]: inJson(data[key] ?? "", dice) } } as KubeObject;
  }
  const paths = leavesOf(object).filter((path) => !FIXED.test(path.join(".")));
  return Array.from({ length: 1 + dice.int(3) }).reduce<KubeObject>(
    (now) =>
      paths.length === 0 ? now : (changedAt(now, dice.pick(paths), sameType(dice)) as KubeObject),
    object,
  );
};
