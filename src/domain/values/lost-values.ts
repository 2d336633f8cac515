import { Duration, Redacted } from "effect";
import { MASKED, type ShownValue, shownWhole } from "../fields/shown-value.ts";
import {
  dotted,
  getPath,
  type Json,
  type JsonObject,
  type JsonPath,
  jsonEquals,
  leaves,
} from "../kube/json.ts";
import { parseGoDuration } from "../text/go-duration.ts";
import { looksSecret, redactText } from "../text/redaction.ts";
import { CARRIED_FIELDS } from "./carry-over.ts";

/** A value the operator once set that the upgraded release will not have. */
export interface LostValue {
  readonly path: string;
  readonly shown: ShownValue;
  /** The flag, with its value, that would keep it. */
  readonly keepWith: string;
}

const oneWord =
  (flag: string) =>
  (value: Json): string | undefined =>
    (typeof value === "string" || typeof value === "number") && /^\S+$/.test(String(value))
      ? `${flag} ${value}`
      : undefined;

/** One replica stays only where its streams may drop: without the second flag the upgrade is refused. */
const keepSingle = (value: Json): string | undefined =>
  value === false ? "--ha=false --allow-downtime" : undefined;

const KEEP: ReadonlyMap<string, (value: Json) => string | undefined> = new Map([
  ["redis.type", oneWord("--redis-type")],
  ["rateLimiting.enabled", (value) => (value === false ? "--no-rate-limiting" : undefined)],
  ["ha.enabled", keepSingle],
  ["global.imageTag", oneWord("--image-tag")],
  ["global.dataplaneNamespace", oneWord("--dataplane-namespace")],
  [
    "shutdown.drainTimeout",
    (value) => {
      const drain = typeof value === "string" ? parseGoDuration(value) : undefined;
      return drain === undefined
        ? undefined
        : `--drain-timeout-seconds ${Math.ceil(Duration.toSeconds(drain))}`;
    },
  ],
]);

const CARRIED_PATHS: ReadonlySet<string> = new Set(CARRIED_FIELDS.map(({ path }) => dotted(path)));

/** What the chart reads from the running release when it is not given. */
const KEPT_BY_THE_CHART: ReadonlySet<string> = new Set(["global.clusterDomain"]);

/** Lists are shown whole, so what they hold can promise a secret as well as the path. */
const show = (name: string, value: Json): ShownValue => {
  const text = JSON.stringify(value);
  const secret = looksSecret(name) || (typeof value === "object" && looksSecret(text));
  return secret ? MASKED : shownWhole(redactText(text));
};

interface UpcomingValues {
  /** As the flags of this run make them. */
  readonly generated: JsonObject;
  /** As they would be without any flag: what differs from it was asked for. */
  readonly withoutFlags: JsonObject;
  /** Paths that a flag, or what runs, decides all the same. */
  readonly decided: ReadonlyArray<string>;
  readonly chartDefaults: JsonObject;
}

/**
 * The user-supplied values of the live release that are neither carried, nor replaced by a flag, nor equal to what the
 * new release will use anyway (`generated` values first, then the defaults of the new chart).
 */
const lostLeaves = (
  stored: JsonObject,
  { generated, withoutFlags, decided, chartDefaults }: UpcomingValues,
): ReadonlyArray<readonly [JsonPath, Json]> =>
  leaves(stored).filter(([path, value]) => {
    const name = dotted(path);
    if (isOurs(path) && (CARRIED_PATHS.has(name) || KEPT_BY_THE_CHART.has(name))) return false;
    if (isOurs(path) && decided.includes(name)) return false;
    const made = getPath(generated, path);
    if (made !== undefined && !jsonEquals(made, getPath(withoutFlags, path))) return false;
    return !jsonEquals(made ?? getPath(chartDefaults, path), value);
  });

/** A key that contains dots only looks like one of our paths. */
const isOurs = (path: JsonPath): boolean => path.every((key) => !key.includes("."));

/** Names no key with dots: the mapping that holds it is kept whole. */
const keepFlag = (path: JsonPath): string => {
  const dots = path.findIndex((key) => key.includes("."));
  return `--keep ${dotted(dots === -1 ? path : path.slice(0, Math.max(1, dots)))}`;
};

export const lostPaths = (stored: JsonObject, upcoming: UpcomingValues): ReadonlyArray<JsonPath> =>
  lostLeaves(stored, upcoming).map(([path]) => path);

export const lostValues = (
  stored: JsonObject,
  upcoming: UpcomingValues,
): ReadonlyArray<LostValue> =>
  lostLeaves(stored, upcoming).map(([path, value]) => {
    const name = dotted(path);
    const flag = isOurs(path) ? KEEP.get(name)?.(value) : undefined;
    return { path: name, shown: show(name, value), keepWith: flag ?? keepFlag(path) };
  });

/** Of a carried field it is known whether it is a secret; the pull secret's name, for one, is not. */
const isSecretPath = (name: string): boolean =>
  CARRIED_FIELDS.find(({ path }) => dotted(path) === name)?.secret ?? looksSecret(name);

/** The texts among the stored values whose paths promise a secret. */
export const storedSecrets = (stored: JsonObject): ReadonlyArray<Redacted.Redacted<string>> =>
  leaves(stored).flatMap(([path, value]) =>
    typeof value === "string" && isSecretPath(dotted(path))
      ? [Redacted.make(value, { label: dotted(path) })]
      : [],
  );

/** The flag that keeps a value at `path`, or all that is lost beneath it. */
export const keepFlagFor = (
  lost: ReadonlyArray<LostValue>,
  path: JsonPath | undefined,
): string | undefined => {
  if (path === undefined) return undefined;
  const name = dotted(path);
  const exact = lost.find((one) => one.path === name);
  if (exact !== undefined) return exact.keepWith;
  return lost.some((one) => one.path.startsWith(`${name}.`)) ? `--keep ${name}` : undefined;
};
