/** The values of an installation: flag or environment, the release, the identity file, and what has to be asked for. */
import { Redacted } from "effect";
import type { Identity } from "../identity/identity.ts";
import { getPath, type JsonObject, type JsonPath, setPath } from "../kube/json.ts";
import { generatedValues, type UpgradeOptions } from "../run/upgrade-options.ts";
import { type CarryOver, carryOver, withCarriedValues } from "../values/carry-over.ts";
import { mergeValues, nextValues } from "../values/next-values.ts";

export interface InstallValueSources {
  readonly options: UpgradeOptions;
  /** What the operator supplied for the deployed revision; nothing where none is deployed. */
  readonly stored: JsonObject | undefined;
  readonly identity: Pick<Identity, "customer" | "environment" | "serveUrl">;
  readonly chartDefaults: JsonObject;
}

/** A value without which this installation makes no sense, and the flag that gives it. */
export interface MissingValue {
  readonly path: string;
  /** Without the dashes. */
  readonly flag: string;
}

export interface InstallValues {
  readonly values: Redacted.Redacted<JsonObject>;
  readonly carry: CarryOver;
  readonly missing: ReadonlyArray<MissingValue>;
}

interface RequiredValue {
  readonly path: string;
  readonly flag: string;
  readonly isNeeded: (at: (path: string) => unknown) => boolean;
}

const REQUIRED: ReadonlyArray<RequiredValue> = [
  {
    path: "global.customer",
    flag: "customer",
    isNeeded: (at) => at("global.deploymentMode") === "saas",
  },
  {
    path: "global.environment",
    flag: "environment",
    isNeeded: (at) => at("global.deploymentMode") === "saas",
  },
  {
    path: "otelCollector.exporters.otlp.endpoint",
    flag: "otel-collector-endpoint",
    isNeeded: (at) => at("otelCollector.enabled") === true,
  },
];

/** A `null` takes the chart's default away. */
const missingIn = (values: JsonObject, chartDefaults: JsonObject): ReadonlyArray<MissingValue> => {
  const at = (path: string) => {
    const keys = path.split(".");
    return getPath(values, keys) ?? getPath(chartDefaults, keys);
  };
  return REQUIRED.filter(({ path, isNeeded }) => isNeeded(at) && (at(path) ?? "") === "").map(
    ({ path, flag }) => ({ path, flag }),
  );
};

/** What flags of this run decide beside the carried fields; what they would do by default decides nothing here. */
const decided = (options: UpgradeOptions): ReadonlyArray<JsonPath> => [
  ...options.decided.map((path) => path.split(".")),
  ...(options.imageTag === undefined ? [] : [["global", "imageTag"]]),
];

const onTopOf = (stored: JsonObject, options: UpgradeOptions): JsonObject => {
  const generated = generatedValues(options);
  return decided(options).reduce((values, path) => {
    const value = getPath(generated, path);
    return value === undefined ? values : setPath(values, path, value);
  }, stored);
};

const ofRelease = (
  { options, identity }: InstallValueSources,
  stored: JsonObject,
): Omit<InstallValues, "missing"> => {
  const carry = carryOver(stored, options.carriedFlags, identity);
  // The release's own are there already, whatever their shape.
  const given = { ...carry, entries: carry.entries.filter(({ source }) => source !== "release") };
  const files = mergeValues(stored, Redacted.value(options.values));
  return { values: withCarriedValues(onTopOf(files, options), given), carry };
};

const ofNothing = (sources: InstallValueSources): Omit<InstallValues, "missing"> => {
  const { options, identity, chartDefaults } = sources;
  const carry = carryOver({}, options.carriedFlags, identity);
  const { values } = nextValues({ options, stored: {}, carry, chartDefaults, scaled: [] });
  return { values, carry };
};

/**
 * A release keeps every value that was ever supplied for it, in its type; what this run was given goes on top. Only a first
 * installation can lack a value.
 */
export const installValues = (sources: InstallValueSources): InstallValues => {
  const { stored, chartDefaults } = sources;
  if (stored !== undefined) return { ...ofRelease(sources, stored), missing: [] };
  const made = ofNothing(sources);
  return { ...made, missing: missingIn(Redacted.value(made.values), chartDefaults) };
};
