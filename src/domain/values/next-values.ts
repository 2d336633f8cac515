/** What Helm is given: what flags decide, what runs, what is kept, what is carried, and what the operator's files say. */
import { Redacted } from "effect";
import { type KeptScale, keptScales, liveValues, withKeptScales } from "../fields/kept-scale.ts";
import {
  dotted,
  getPath,
  isJsonObject,
  type Json,
  type JsonObject,
  setPath,
} from "../kube/json.ts";
import type { KubeObject } from "../kube/objects.ts";
import {
  DEFAULT_UPGRADE_OPTIONS,
  generatedValues,
  type UpgradeOptions,
} from "../run/upgrade-options.ts";
import { type CarryOver, withCarriedValues } from "./carry-over.ts";
import { type LostValue, lostPaths, lostValues } from "./lost-values.ts";

interface ValueSources {
  readonly options: UpgradeOptions;
  /** What the operator supplied for the deployed revision. */
  readonly stored: JsonObject;
  readonly carry: CarryOver;
  readonly chartDefaults: JsonObject;
  /** Live objects that have replicas. */
  readonly scaled: ReadonlyArray<KubeObject>;
}

interface NextValues {
  readonly values: Redacted.Redacted<JsonObject>;
  readonly lost: ReadonlyArray<LostValue>;
  readonly scales: ReadonlyArray<KeptScale>;
  /** Paths that were to be kept and that the release has no value at. */
  readonly unknown: ReadonlyArray<string>;
}

/** Later ones win; mappings are merged, lists replaced. */
export const mergeValues = (base: JsonObject, over: JsonObject): JsonObject => ({
  ...base,
  ...Object.fromEntries(
    Object.entries(over).map(([key, value]): readonly [string, Json] => {
      const below = base[key];
      return [key, isJsonObject(value) && isJsonObject(below) ? mergeValues(below, value) : value];
    }),
  ),
});

const KEEP_ALL = "all";

export const nextValues = ({
  options,
  stored,
  carry,
  chartDefaults,
  scaled,
}: ValueSources): NextValues => {
  const { release, keep } = options;
  const decided = [...options.decided, ...liveValues(release, scaled).map(dotted)];
  const files = Redacted.value(options.values);
  const withoutFlags = generatedValues(DEFAULT_UPGRADE_OPTIONS);
  const flagged = generatedValues(options);
  const wouldBeLost = lostPaths(stored, {
    generated: flagged,
    withoutFlags,
    decided,
    chartDefaults,
  });
  const paths = [
    ...(keep.includes(KEEP_ALL) ? wouldBeLost : []),
    ...keep.filter((path) => path !== KEEP_ALL).map((path) => path.split(".")),
  ];
  const kept = paths.reduce((values, path) => {
    const value = getPath(stored, path);
    return value === undefined ? values : setPath(values, path, value);
  }, flagged);
  const given = mergeValues(kept, files);
  const scales = keptScales({ release, live: scaled, values: given, defaults: chartDefaults });
  const carried = Redacted.value(withCarriedValues(withKeptScales(kept, scales), carry));
  const flags = { ...carry, entries: carry.entries.filter(({ source }) => source === "flag") };
  const values = withCarriedValues(mergeValues(carried, files), flags);
  return {
    values,
    lost: lostValues(stored, {
      generated: Redacted.value(values),
      withoutFlags,
      decided,
      chartDefaults,
    }),
    scales,
    unknown: paths.filter((path) => getPath(stored, path) === undefined).map(dotted),
  };
};
