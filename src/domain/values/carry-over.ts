import { Redacted } from "effect";
import type { Identity } from "../identity/identity.ts";
import {
  describeType,
  dotted,
  getPath,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonPath,
  setPath,
} from "../kube/json.ts";

/** One of the nine values that survive an upgrade without being passed again. */
interface CarriedField {
  readonly path: JsonPath;
  /** The flag that overrides it; the pull secret's name has none, it lives with the operator's Secret. */
  readonly flag: string | undefined;
  readonly secret: boolean;
  /** The field of the identity file that answers when neither flag nor release does. */
  readonly identityField: "customer" | "environment" | "serveUrl" | undefined;
}

const field = (
  path: string,
  flag: string | undefined,
  extra: Partial<Pick<CarriedField, "secret" | "identityField">> = {},
): CarriedField => ({
  path: path.split("."),
  flag,
  secret: extra.secret ?? false,
  identityField: extra.identityField,
});

export const CARRIED_FIELDS: ReadonlyArray<CarriedField> = [
  field("global.imageRegistry", "image-registry"),
  field("global.customer", "customer", { identityField: "customer" }),
  field("global.environment", "environment", { identityField: "environment" }),
  field("global.deploymentMode", "deployment-mode"),
  field("global.serveUrl", "serve-url", { identityField: "serveUrl" }),
  field("global.imagePullSecretName", undefined),
  field("otelCollector.enabled", "enable-otel-collector"),
  field("otelCollector.exporters.otlp.endpoint", "otel-collector-endpoint"),
  field("otelCollector.exporters.otlp.headers.Authorization", "otel-exporter-auth-headers", {
    secret: true,
  }),
];

export type FlagValue = string | boolean | Redacted.Redacted<string>;
/** What the operator passed, by flag name without the dashes. */
export type CarriedFlags = ReadonlyMap<string, FlagValue>;

export type CarriedValue = Json | Redacted.Redacted<Json>;

interface CarriedEntry {
  readonly path: JsonPath;
  readonly value: CarriedValue;
  readonly source: "flag" | "release" | "identity";
}

export interface CarryOver {
  readonly entries: ReadonlyArray<CarriedEntry>;
  /** Sources that disagree: the one used and the one passed over. */
  readonly differences: ReadonlyArray<{
    readonly path: JsonPath;
    readonly used: CarriedEntry["source"];
    readonly ignored: CarriedEntry["source"];
  }>;
}

/** A stored value that cannot be carried as it is. */
export interface MalformedValue {
  readonly path: string;
  readonly expected: "mapping" | "single value";
  /** Its type, in the words of JSON. */
  readonly found: string;
}

/** Paths where the stored values hold something that cannot contain a carried field. */
export const malformedParents = (stored: JsonObject): ReadonlyArray<MalformedValue> => {
  const parents = new Map<string, JsonPath>();
  for (const { path } of CARRIED_FIELDS) {
    for (let depth = 1; depth < path.length; depth++) {
      const parent = path.slice(0, depth);
      parents.set(dotted(parent), parent);
    }
  }
  return [...parents.values()].flatMap((parent) => {
    const value = getPath(stored, parent);
    // `null` is how Helm removes a chart default, a whole mapping included.
    return value === undefined || value === null || isJsonObject(value)
      ? []
      : [{ path: dotted(parent), expected: "mapping", found: describeType(value) }];
  });
};

/** A carried field must be a single value: a mapping or list there would be copied by accident. */
export const malformedCarriedValues = (stored: JsonObject): ReadonlyArray<MalformedValue> =>
  CARRIED_FIELDS.flatMap(({ path }) => {
    const value = getPath(stored, path);
    return typeof value === "object" && value !== null
      ? [{ path: dotted(path), expected: "single value", found: describeType(value) }]
      : [];
  });

const plain = (value: CarriedValue): Json =>
  Redacted.isRedacted(value) ? Redacted.value(value) : value;

const seal = ({ secret, path }: CarriedField, value: Json): CarriedValue =>
  secret ? Redacted.make(value, { label: dotted(path) }) : value;

/**
 * Decides the carried fields: a flag wins over the live release, which wins over the identity file. Values keep their
 * type, `null`, `false`, `0`, `""` and strings that look like numbers included.
 */
export const carryOver = (
  stored: JsonObject,
  flags: CarriedFlags,
  identity: Pick<Identity, "customer" | "environment" | "serveUrl">,
): CarryOver => {
  const entries: Array<CarriedEntry> = [];
  const differences: Array<CarryOver["differences"][number]> = [];
  for (const carried of CARRIED_FIELDS) {
    const flag = carried.flag === undefined ? undefined : flags.get(carried.flag);
    const fromIdentity =
      carried.identityField === undefined ? undefined : identity[carried.identityField];
    const candidates = [
      { source: "flag" as const, value: flag },
      { source: "release" as const, value: getPath(stored, carried.path) },
      { source: "identity" as const, value: fromIdentity },
    ].flatMap(({ source, value }) =>
      value === undefined ? [] : [{ source, value: plain(value) }],
    );
    const [used, ...passedOver] = candidates;
    if (used === undefined) continue;
    entries.push({
      path: carried.path,
      value: seal(carried, used.value),
      source: used.source,
    });
    for (const other of passedOver) {
      // A flag that changes the live value is what flags are for; only a silent disagreement is worth a word.
      const asked = used.source === "flag" && other.source === "release";
      if (!asked && other.value !== used.value) {
        differences.push({ path: carried.path, used: used.source, ignored: other.source });
      }
    }
  }
  return { entries, differences };
};

/** The carried fields laid over `base`, with secrets in the clear: the result must stay `Redacted`. */
export const withCarriedValues = (
  base: JsonObject,
  { entries }: CarryOver,
): Redacted.Redacted<JsonObject> =>
  Redacted.make(
    entries.reduce((values, { path, value }) => setPath(values, path, plain(value)), base),
    { label: "values" },
  );

/** The secrets among the carried fields, for masking whatever may quote them. */
export const carriedSecrets = ({ entries }: CarryOver): ReadonlyArray<Redacted.Redacted<string>> =>
  entries.flatMap(({ value }) =>
    Redacted.isRedacted(value) && typeof Redacted.value(value) === "string"
      ? [value as Redacted.Redacted<string>]
      : [],
  );

const shown = (carry: CarryOver, path: string): Json | undefined => {
  const entry = carry.entries.find((candidate) => dotted(candidate.path) === path);
  return entry === undefined || Redacted.isRedacted(entry.value)
    ? undefined
    : (entry.value as Json);
};

/** What the document's `carried forward:` line shows, each as JSON. */
export interface CarriedForward {
  readonly registry: string;
  readonly customer: string;
  readonly environment: string;
  readonly otel: string;
}

export const carriedForward = (carry: CarryOver): CarriedForward => {
  const quoted = (path: string) => JSON.stringify(String(shown(carry, path) ?? ""));
  return {
    registry: quoted("global.imageRegistry"),
    customer: quoted("global.customer"),
    environment: quoted("global.environment"),
    otel: String(shown(carry, "otelCollector.enabled") ?? false),
  };
};
