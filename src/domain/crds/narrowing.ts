/** Schemas that became stricter, and the live objects that would fail them. */

import { kubectl } from "../hints/hint.ts";
import { isJsonObject, type Json, type JsonObject, jsonEquals } from "../kube/json.ts";
import { type KubeObject, listAt } from "../kube/objects.ts";
import type { CrdRefusal } from "./refusal.ts";
import { schemaProblems } from "./schema.ts";
import { type CrdView, resourceWord, versionNamed } from "./view.ts";

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

const narrowsBeneath = (before: Json | undefined, after: Json | undefined): boolean => {
  if (!isJsonObject(before)) return isJsonObject(after) && before === true;
  return isJsonObject(after) ? narrows(before, after) : after !== true;
};

/** Whether `after` may exclude an object that `before` allows. It may say so too often, never too seldom. */
export const narrows = (before: JsonObject, after: JsonObject): boolean => {
  if (before === after) return false;
  // Few values were allowed: then it is those that have to be allowed still.
  if (Array.isArray(before.enum) && before.properties === undefined) {
    return before.enum.some((value) => schemaProblems(after, value as Json).length > 0);
  }
  if (narrowsHere(before, after)) return true;
  const [known, next] = [before.properties, after.properties].map((properties) =>
    isJsonObject(properties) ? properties : {},
  ) as [JsonObject, JsonObject];
  const keepsUnknown = after["x-kubernetes-preserve-unknown-fields"] === true;
  return (
    Object.entries(known).some(([key, child]) => {
      const kept = next[key] ?? after.additionalProperties;
      return kept === undefined ? !keepsUnknown : narrowsBeneath(child, kept);
    }) ||
    (before.items !== undefined && narrowsBeneath(before.items, after.items)) ||
    (before.additionalProperties !== undefined &&
      narrowsBeneath(before.additionalProperties, after.additionalProperties))
  );
};

/** The versions, served before and after, whose schema became stricter: their live objects have to be looked at. */
export const narrowedVersions = (live: CrdView, next: CrdView): ReadonlyArray<string> =>
  live.versions
    .filter(({ name, served, schema }) => {
      const after = versionNamed(next, name);
      return served && after?.served === true && narrows(schema, after.schema);
    })
    .map(({ name }) => name);

export interface FailingObject {
  readonly version: string;
  /** `namespace/name`, or only the name. */
  readonly name: string;
  readonly namespace: string | undefined;
  readonly problem: string;
}

/** What the old schema finds wrong too is not for the new one to be blamed for. */
export const failingObjects = (
  live: CrdView,
  next: CrdView,
  version: string,
  objects: ReadonlyArray<KubeObject>,
): ReadonlyArray<FailingObject> => {
  const [before, after] = [versionNamed(live, version), versionNamed(next, version)];
  if (before === undefined || after === undefined) return [];
  return objects.flatMap((object) => {
    const found = schemaProblems(after.schema, object as unknown as Json);
    if (found.length === 0) return [];
    const known = new Set(
      schemaProblems(before.schema, object as unknown as Json).map(({ path }) => path),
    );
    const first = found.find(({ path }) => !known.has(path) && !path.startsWith("status"));
    const { name, namespace } = object.metadata;
    return first === undefined
      ? []
      : [{ version, name, namespace, problem: `${first.path} ${first.problem}` }];
  });
};

const LISTED = 5;

export const narrowingRefusal = (
  live: CrdView,
  failing: ReadonlyArray<FailingObject>,
): CrdRefusal => {
  const shown = failing.slice(0, LISTED).map(({ name, namespace, problem }) => {
    const where = namespace === undefined ? name : `${namespace}/${name}`;
    return `${where} (${problem})`;
  });
  const more = failing.length > LISTED ? `, and ${failing.length - LISTED} more` : "";
  const noun = failing.length === 1 ? "object fails" : "objects fail";
  return {
    kind: "SchemaNarrowed",
    crd: live.name,
    reason: `the new schema is stricter and ${failing.length} live ${noun} it: ${shown.join(", ")}${more} (only OpenAPI constraints were tried, no CEL rules)`,
    remedy: {
      title: `Change these ${live.kind} objects so that both schemas allow them:`,
      commands: failing
        .slice(0, LISTED)
        .map(({ version, name, namespace }) =>
          kubectl(
            "edit",
            resourceWord(live, version),
            name,
            ...(namespace === undefined ? [] : ["-n", namespace]),
          ),
        ),
    },
  };
};
