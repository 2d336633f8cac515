/** Schemas that became stricter, and the live objects that would fail them. */

import { isJsonObject, type Json, type JsonObject, jsonEquals } from "../kube/json.ts";
import { type KubeObject, listAt } from "../kube/objects.ts";
import { type CrdRefusal, type FailingObject, namesOf } from "./refusal.ts";
import { type Matches, schemaFlaws } from "./schema.ts";
import { type CrdView, versionNamed } from "./view.ts";

const LOWER_BOUNDS = ["minimum", "minLength", "minItems", "minProperties"];
const UPPER_BOUNDS = ["maximum", "maxLength", "maxItems", "maxProperties"];
/** Any difference in one of these may exclude what was allowed. */
const OPAQUE = ["type", "pattern", "allOf", "anyOf", "oneOf", "not", "multipleOf"];
const SWITCHES = ["exclusiveMinimum", "exclusiveMaximum"];

const numberOf = (value: Json | undefined, otherwise: number): number =>
  typeof value === "number" ? value : otherwise;

const narrowsHere = (before: JsonObject, after: JsonObject): boolean =>
  OPAQUE.some((key) => after[key] !== undefined && !jsonEquals(before[key], after[key])) ||
  LOWER_BOUNDS.some(
    (key) =>
      numberOf(after[key], Number.NEGATIVE_INFINITY) >
      numberOf(before[key], Number.NEGATIVE_INFINITY),
  ) ||
  UPPER_BOUNDS.some(
    (key) =>
      numberOf(after[key], Number.POSITIVE_INFINITY) <
      numberOf(before[key], Number.POSITIVE_INFINITY),
  ) ||
  SWITCHES.some((key) => after[key] === true && before[key] !== true) ||
  (before.nullable === true && after.nullable !== true) ||
  (before["x-kubernetes-int-or-string"] === true && after["x-kubernetes-int-or-string"] !== true) ||
  (before["x-kubernetes-preserve-unknown-fields"] === true &&
    after["x-kubernetes-preserve-unknown-fields"] !== true) ||
  (Array.isArray(after.enum) &&
    (!Array.isArray(before.enum) ||
      before.enum.some(
        (value) => !listAt(after, "enum").some((one) => jsonEquals(one as Json, value)),
      ))) ||
  listAt(after, "required").some((key) => !listAt(before, "required").includes(key));

const narrowsBeneath = (
  before: Json | undefined,
  after: Json | undefined,
  matches: Matches,
): boolean => {
  if (!isJsonObject(before)) return isJsonObject(after) && before === true;
  return isJsonObject(after) ? narrows(before, after, matches) : after !== true;
};

/** Whether `after` may exclude an object that `before` allows. It may say so too often, never too seldom. */
export const narrows = (before: JsonObject, after: JsonObject, matches: Matches): boolean => {
  if (before === after) return false;
  // Few values were allowed: then it is those that have to be allowed still.
  if (Array.isArray(before.enum) && before.properties === undefined) {
    return before.enum.some((value) => schemaFlaws(after, value as Json, matches).length > 0);
  }
  if (narrowsHere(before, after)) return true;
  const [known, next] = [before.properties, after.properties].map((properties) =>
    isJsonObject(properties) ? properties : {},
  ) as [JsonObject, JsonObject];
  const keepsUnknown = after["x-kubernetes-preserve-unknown-fields"] === true;
  return (
    Object.entries(known).some(([key, child]) => {
      const kept = next[key] ?? after.additionalProperties;
      return kept === undefined ? !keepsUnknown : narrowsBeneath(child, kept, matches);
    }) ||
    (before.items !== undefined && narrowsBeneath(before.items, after.items, matches)) ||
    (before.additionalProperties !== undefined &&
      narrowsBeneath(before.additionalProperties, after.additionalProperties, matches))
  );
};

/** The versions, served before and after, whose schema became stricter: their live objects have to be looked at. */
export const narrowedVersions = (
  live: CrdView,
  next: CrdView,
  matches: Matches,
): ReadonlyArray<string> =>
  live.versions
    .filter(({ name, served, schema }) => {
      const after = versionNamed(next, name);
      return served && after?.served === true && narrows(schema, after.schema, matches);
    })
    .map(({ name }) => name);

/** What the old schema finds wrong too is not for the new one to be blamed for. */
export const failingObjects = (
  live: CrdView,
  next: CrdView,
  version: string,
  objects: ReadonlyArray<KubeObject>,
  matches: Matches,
): ReadonlyArray<FailingObject> => {
  const [before, after] = [versionNamed(live, version), versionNamed(next, version)];
  if (before === undefined || after === undefined) return [];
  return objects.flatMap((object) => {
    const found = schemaFlaws(after.schema, object as unknown as Json, matches);
    if (found.length === 0) return [];
    const known = new Set(
      schemaFlaws(before.schema, object as unknown as Json, matches).map(({ path }) => path),
    );
    const first = found.find(({ path }) => !known.has(path) && !path.startsWith("status"));
    const { name, namespace } = object.metadata;
    return first === undefined ? [] : [{ version, name, namespace, flaw: first }];
  });
};

export const narrowingRefusal = (
  live: CrdView,
  failing: ReadonlyArray<FailingObject>,
): CrdRefusal => ({
  _tag: "SchemaNarrowed",
  crd: live.name,
  live: namesOf(live),
  failing,
});
