/** Flags whose value reaches nothing on the cluster: the run would say that it succeeded, and nothing would have changed. */
import { Redacted } from "effect";
import { objectKey } from "../access/helm-access.ts";
import { fieldsOf } from "../fields/object-diff.ts";
import { type KubectlLine, kubectl } from "../hints/hint.ts";
import {
  canonicalJson,
  dotted,
  getPath,
  type Json,
  type JsonObject,
  type JsonPath,
  jsonEquals,
  setPath,
} from "../kube/json.ts";
import type { ReleaseRef } from "../release/release.ts";
import type { RenderedRelease } from "../release/rendered-release.ts";
import type { Warning } from "../report/warning.ts";
import { CARRIED_FIELDS, type CarryOver } from "./carry-over.ts";

/** What the chart makes once, and leaves to others from then on. */
export const INSTALL_ONLY = {
  path: ["global", "serveUrl"],
  configMap: "tars-config",
  key: "proxy-url",
} as const;

export type IdleFlag = {
  /** As it was given, or the file's path where it was not a flag. */
  readonly given: string;
} & (
  | { readonly _tag: "InstallOnly"; readonly live: string | undefined; readonly asked: string }
  | { readonly _tag: "CollectorOff" }
  | { readonly _tag: "Unused" }
);

interface FlagTrial {
  readonly given: string;
  readonly path: JsonPath;
  /** The next values, as if the flag had not been given. */
  readonly values: Redacted.Redacted<JsonObject>;
}

export interface GivenValues {
  readonly carry: CarryOver;
  readonly stored: JsonObject;
  readonly next: JsonObject;
  readonly defaults: JsonObject;
}

/** What would be there without the flag, and differs from what it says: nothing when it says what is so in any case. */
const otherwise = ({ stored, next, defaults }: GivenValues, path: JsonPath): Json | undefined => {
  const asked = getPath(next, path);
  const candidates = [getPath(stored, path), getPath(defaults, path), ""];
  return candidates.find((one) => one !== undefined && !jsonEquals(one, asked ?? ""));
};

export const flagTrials = (given: GivenValues): ReadonlyArray<FlagTrial> =>
  given.carry.entries.flatMap(({ path, source }): ReadonlyArray<FlagTrial> => {
    const field = CARRIED_FIELDS.find((one) => dotted(one.path) === dotted(path));
    const other = otherwise(given, path);
    return source !== "flag" || field?.flag === undefined || other === undefined
      ? []
      : [
          {
            given: `--${field.flag}`,
            path,
            values: Redacted.make(setPath(given.next, path, other), { label: "values" }),
          },
        ];
  });

type FieldTexts = ReadonlyMap<string, string>;

const textsOf = ({ objects, hooks }: RenderedRelease): FieldTexts =>
  new Map(
    [...objects, ...hooks].flatMap((object) =>
      [...fieldsOf(object)].map(
        ([path, value]) => [`${objectKey(object)} ${path}`, canonicalJson(value)] as const,
      ),
    ),
  );

const differing = (one: FieldTexts, other: FieldTexts): ReadonlySet<string> =>
  new Set([...one.keys(), ...other.keys()].filter((key) => one.get(key) !== other.get(key)));

/**
 * Whether two sets of values make the same objects.
 * @param again the first set once more: where the cluster is not asked, certificates and passwords come out new each time
 */
export const rendersAlike = (
  base: RenderedRelease,
  other: RenderedRelease,
  again: RenderedRelease,
): boolean => {
  const texts = textsOf(base);
  const noise = differing(texts, textsOf(again));
  return [...differing(texts, textsOf(other))].every((key) => noise.has(key));
};

const isCollectorsOwn = (path: JsonPath): boolean =>
  path[0] === "otelCollector" && path[1] !== "enabled";

export const unusedFlag = ({ given, path }: FlagTrial, next: JsonObject): IdleFlag =>
  isCollectorsOwn(path) && getPath(next, ["otelCollector", "enabled"]) !== true
    ? { _tag: "CollectorOff", given }
    : { _tag: "Unused", given };

/** The command that does what the flag cannot; nothing where there is none. */
export const doingCommand = (
  idle: IdleFlag,
  { namespace }: ReleaseRef,
): KubectlLine | undefined => {
  if (idle._tag !== "InstallOnly") return undefined;
  const patch = JSON.stringify({ data: { [INSTALL_ONLY.key]: idle.asked } });
  const what = ["patch", "configmap", INSTALL_ONLY.configMap, "-n", namespace];
  return kubectl(...what, "--type", "merge", "-p", patch);
};

/** @param command that of `doingCommand`, in words */
export const idleWarning = (idle: IdleFlag, command: string | undefined): Warning => {
  switch (idle._tag) {
    case "InstallOnly": {
      const { given, live } = idle;
      const { key, configMap } = INSTALL_ONLY;
      return { code: "flag-set-at-installation", given, key, configMap, live, command };
    }
    case "CollectorOff":
      return { code: "flag-needs-collector", given: idle.given };
    case "Unused":
      return { code: "flag-unused", given: idle.given };
  }
};
