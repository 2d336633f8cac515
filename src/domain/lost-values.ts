import { Duration } from "effect";
import { CARRIED_FIELDS } from "./carry-over.ts";
import { parseGoDuration } from "./go-duration.ts";
import { dotted, getPath, type Json, type JsonObject, jsonEquals, leaves } from "./json.ts";
import { looksSecret } from "./redaction.ts";

/** A value the operator once set that the upgraded release will not have. */
export interface LostValue {
  readonly path: string;
  /** As JSON, or masked when the name of the path looks like a secret. */
  readonly shown: string;
  /** The flag, with its value, that would keep it. */
  readonly keepWith: string | undefined;
}

const KEEP: Readonly<Record<string, (value: Json) => string | undefined>> = {
  "redis.type": (value) => `--redis-type ${value}`,
  "rateLimiting.enabled": (value) => (value === false ? "--no-rate-limiting" : undefined),
  "ha.enabled": (value) => (typeof value === "boolean" ? `--ha=${value}` : undefined),
  "global.imageTag": (value) => `--image-tag ${value}`,
  "global.dataplaneNamespace": (value) => `--dataplane-namespace ${value}`,
  "shutdown.drainTimeout": (value) => {
    const drain = typeof value === "string" ? parseGoDuration(value) : undefined;
    return drain === undefined
      ? undefined
      : `--drain-timeout-seconds ${Math.ceil(Duration.toSeconds(drain))}`;
  },
};

const CARRIED_PATHS: ReadonlySet<string> = new Set(CARRIED_FIELDS.map(({ path }) => dotted(path)));

/**
 * The user-supplied values of the live release that are neither carried nor equal to what the new release will use
 * anyway (`generated` values first, then the defaults of the new chart).
 */
export const lostValues = (
  stored: JsonObject,
  generated: JsonObject,
  chartDefaults: JsonObject,
): ReadonlyArray<LostValue> =>
  leaves(stored).flatMap(([path, value]) => {
    const name = dotted(path);
    if (CARRIED_PATHS.has(name)) return [];
    const next = getPath(generated, path) ?? getPath(chartDefaults, path);
    if (jsonEquals(next, value)) return [];
    return [
      {
        path: name,
        shown: looksSecret(name) ? "***" : JSON.stringify(value),
        keepWith: KEEP[name]?.(value),
      },
    ];
  });
