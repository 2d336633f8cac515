import { Duration, Redacted } from "effect";
import { CARRIED_FIELDS } from "./carry-over.ts";
import { parseGoDuration } from "./go-duration.ts";
import { dotted, getPath, type Json, type JsonObject, jsonEquals, leaves } from "./json.ts";
import { looksSecret, redactText } from "./redaction.ts";

/** A value the operator once set that the upgraded release will not have. */
export interface LostValue {
  readonly path: string;
  /** As JSON, masked where it looks like a secret. */
  readonly shown: string;
  /** The flag, with its value, that would keep it. */
  readonly keepWith: string | undefined;
}

const oneWord =
  (flag: string) =>
  (value: Json): string | undefined =>
    (typeof value === "string" || typeof value === "number") && /^\S+$/.test(String(value))
      ? `${flag} ${value}`
      : undefined;

const KEEP: ReadonlyMap<string, (value: Json) => string | undefined> = new Map([
  ["redis.type", oneWord("--redis-type")],
  ["rateLimiting.enabled", (value) => (value === false ? "--no-rate-limiting" : undefined)],
  ["ha.enabled", (value) => (typeof value === "boolean" ? `--ha=${value}` : undefined)],
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
const show = (name: string, value: Json): string => {
  const text = JSON.stringify(value);
  const secret = looksSecret(name) || (typeof value === "object" && looksSecret(text));
  return secret ? "***" : redactText(text);
};

export interface UpcomingValues {
  /** As the flags of this run make them. */
  readonly generated: JsonObject;
  /** As they would be without any flag: what differs from it was asked for. */
  readonly withoutFlags: JsonObject;
  readonly chartDefaults: JsonObject;
}

/**
 * The user-supplied values of the live release that are neither carried, nor replaced by a flag, nor equal to what the
 * new release will use anyway (`generated` values first, then the defaults of the new chart).
 */
export const lostValues = (
  stored: JsonObject,
  { generated, withoutFlags, chartDefaults }: UpcomingValues,
): ReadonlyArray<LostValue> =>
  leaves(stored).flatMap(([path, value]) => {
    const name = dotted(path);
    // A key that contains dots only looks like one of our paths.
    const ours = path.every((key) => !key.includes("."));
    if (ours && (CARRIED_PATHS.has(name) || KEPT_BY_THE_CHART.has(name))) return [];
    const made = getPath(generated, path);
    if (made !== undefined && !jsonEquals(made, getPath(withoutFlags, path))) return [];
    if (jsonEquals(made ?? getPath(chartDefaults, path), value)) return [];
    return [
      {
        path: name,
        shown: show(name, value),
        keepWith: ours ? KEEP.get(name)?.(value) : undefined,
      },
    ];
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
