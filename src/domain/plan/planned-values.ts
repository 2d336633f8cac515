/** What becomes of each value: the table of a plan. */

import type { Show } from "../fields/object-diff.ts";
import { MASKED, type ShownValue, shownWhole } from "../fields/shown-value.ts";
import {
  dotted,
  getPath,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonEquals,
  leaves,
} from "../kube/json.ts";
import { CARRIED_FIELDS, type CarryOver } from "../values/carry-over.ts";
import type { LostValue } from "../values/lost-values.ts";

export interface PlannedValue {
  readonly path: string;
  readonly fate: "kept" | "overridden" | "new default" | "lost";
  readonly before: ShownValue | undefined;
  readonly after: ShownValue | undefined;
  readonly keepWith?: string;
}

/** Helm's merge of values over defaults: mappings are merged, anything else replaces, `null` takes a default away. */
const coalesce = (defaults: JsonObject, values: JsonObject): JsonObject => {
  const merged: Record<string, Json> = { ...defaults };
  for (const [key, value] of Object.entries(values)) {
    const below = merged[key];
    if (value === null) delete merged[key];
    else merged[key] = isJsonObject(value) && isJsonObject(below) ? coalesce(below, value) : value;
  }
  return merged;
};

interface ValueStates {
  /** What the operator once supplied. */
  readonly stored: JsonObject;
  /** All that the deployed revision was rendered with, its chart's defaults among it. */
  readonly effective: JsonObject;
  /** What Helm is given, and what the new chart adds. */
  readonly next: JsonObject;
  readonly defaults: JsonObject;
  readonly carry: CarryOver;
  readonly lost: ReadonlyArray<LostValue>;
}

const CARRIED: ReadonlySet<string> = new Set(CARRIED_FIELDS.map(({ path }) => dotted(path)));
/** Of a carried field it is known whether it is a secret; of others their path has to tell. */
const IS_SECRET: ReadonlyMap<string, boolean> = new Map(
  CARRIED_FIELDS.map(({ path, secret }) => [dotted(path), secret]),
);

const isEmpty = (value: Json): boolean =>
  value === null || (isJsonObject(value) && Object.keys(value).length === 0);

export const plannedValues = (
  { stored, effective, next, defaults, carry, lost }: ValueStates,
  mask: Show,
): ReadonlyArray<PlannedValue> => {
  const show: Show = (path, value) => {
    const secret = IS_SECRET.get(path);
    if (secret === undefined || value === undefined) return mask(path, value);
    return secret ? MASKED : shownWhole(JSON.stringify(value));
  };
  const upcoming = coalesce(defaults, next);
  const carried = carry.entries.map(({ path, source }): PlannedValue => {
    const name = dotted(path);
    const [before, after] = [getPath(stored, path), getPath(next, path)];
    const kept = source === "release" || jsonEquals(before, after);
    return {
      path: name,
      fate: kept ? "kept" : "overridden",
      before: show(name, before),
      after: show(name, after),
    };
  });
  const losses = lost.map(({ path, shown, keepWith }): PlannedValue => {
    const after = getPath(upcoming, path.split("."));
    return {
      path,
      fate: "lost",
      before: shown,
      after: shown === MASKED && after !== undefined ? MASKED : show(path, after),
      ...(keepWith === undefined ? {} : { keepWith }),
    };
  });
  const told = new Set([...CARRIED, ...lost.map(({ path }) => path)]);
  const changed = leaves(upcoming).flatMap(([path, after]): ReadonlyArray<PlannedValue> => {
    const name = dotted(path);
    const before = getPath(effective, path);
    if (told.has(name) || jsonEquals(before, after)) return [];
    // Helm 4 leaves out what has no value; no chart can tell the two apart.
    if (before === undefined && isEmpty(after)) return [];
    // A mapping that was filled cannot have become an empty one: Helm merges them.
    if (isJsonObject(after) && isJsonObject(before)) return [];
    return [
      {
        path: name,
        // What this run sets by itself is no default of the chart.
        fate: getPath(next, path) === undefined ? "new default" : "overridden",
        before: show(name, before),
        after: show(name, after),
      },
    ];
  });
  return [...carried, ...losses, ...changed];
};
