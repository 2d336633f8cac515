/**
 * Validation of an object by the OpenAPI schema of its CRD, as far as the API server goes without CEL. Not tried:
 * `x-kubernetes-validations`, `format`, uniqueness in lists. A change of one of these is not checked here.
 */
import { isJsonObject, type Json, type JsonObject, jsonEquals } from "../kube/json.ts";
import { listAt } from "../kube/objects.ts";

type Flaw =
  | {
      readonly _tag: "BelowMinimum" | "AboveMaximum";
      readonly value: number;
      readonly limit: number;
    }
  | { readonly _tag: "NoMultiple"; readonly value: number; readonly of: number }
  | { readonly _tag: "TooShort" | "TooLong"; readonly limit: number }
  | { readonly _tag: "NoMatch"; readonly pattern: string }
  | {
      readonly _tag: "TooFew" | "TooMany";
      readonly limit: number;
      readonly of: "items" | "properties";
    }
  | { readonly _tag: "NotInEnum"; readonly value: Json; readonly allowed: ReadonlyArray<Json> }
  | { readonly _tag: "WrongType"; readonly type: string }
  | {
      readonly _tag:
        | "Missing"
        | "WouldBeDropped"
        | "NoneOfAnyOf"
        | "NotOneOfOneOf"
        | "Excluded"
        | "Null"
        | "NeitherIntNorString";
    };

/** What a schema finds wrong with an object, and where: dotted, e.g. `spec.rules[0].name`. */
export type SchemaFlaw = { readonly path: string } & Flaw;

/** Whether a text matches an expression of the schema; `undefined` where that was not tried. */
export type Matches = (pattern: string, text: string) => boolean | undefined;

/** How an object is looked through: whether unknown fields get lost here, and what tries expressions. */
interface Manner {
  readonly prunes: boolean;
  readonly matches: Matches;
}

const typeMatches = (type: Json | undefined, value: Json): boolean => {
  switch (type) {
    case "object":
      return isJsonObject(value);
    case "array":
      return Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number";
    case "integer":
      return Number.isInteger(value);
    default:
      return true;
  }
};

const isIntOrString = (schema: JsonObject): boolean =>
  schema["x-kubernetes-int-or-string"] === true;

const subschemas = (schema: JsonObject, key: string): ReadonlyArray<JsonObject> =>
  listAt(schema, key).filter(isJsonObject);

type Check = (schema: JsonObject, value: Json, matches: Matches) => Flaw | undefined;

const limit = (schema: JsonObject, key: string): number | undefined => {
  const value = schema[key];
  return typeof value === "number" ? value : undefined;
};

const numberChecks: Check = (schema, value) => {
  if (typeof value !== "number") return undefined;
  const [min, max, step] = ["minimum", "maximum", "multipleOf"].map((key) => limit(schema, key));
  if (min !== undefined && (schema.exclusiveMinimum === true ? value <= min : value < min)) {
    return { _tag: "BelowMinimum", value, limit: min };
  }
  if (max !== undefined && (schema.exclusiveMaximum === true ? value >= max : value > max)) {
    return { _tag: "AboveMaximum", value, limit: max };
  }
  return step !== undefined && value % step !== 0
    ? { _tag: "NoMultiple", value, of: step }
    : undefined;
};

const stringChecks: Check = (schema, value, matches) => {
  if (typeof value !== "string") return undefined;
  const [min, max] = ["minLength", "maxLength"].map((key) => limit(schema, key));
  const length = [...value].length;
  if (min !== undefined && length < min) return { _tag: "TooShort", limit: min };
  if (max !== undefined && length > max) return { _tag: "TooLong", limit: max };
  const pattern = schema.pattern;
  return typeof pattern === "string" && matches(pattern, value) === false
    ? { _tag: "NoMatch", pattern }
    : undefined;
};

const sizeChecks: Check = (schema, value) => {
  const [size, of] = Array.isArray(value)
    ? ([value.length, "items"] as const)
    : isJsonObject(value)
      ? ([Object.keys(value).length, "properties"] as const)
      : [];
  if (size === undefined || of === undefined) return undefined;
  const what = of === "items" ? "Items" : "Properties";
  const [min, max] = [limit(schema, `min${what}`), limit(schema, `max${what}`)];
  if (min !== undefined && size < min) return { _tag: "TooFew", limit: min, of };
  return max !== undefined && size > max ? { _tag: "TooMany", limit: max, of } : undefined;
};

const enumCheck: Check = ({ enum: allowed }, value) =>
  Array.isArray(allowed) && !allowed.some((one) => jsonEquals(one as Json, value))
    ? { _tag: "NotInEnum", value, allowed }
    : undefined;

const CHECKS: ReadonlyArray<Check> = [enumCheck, numberChecks, stringChecks, sizeChecks];

const at = (path: string, key: string | number): string =>
  typeof key === "number" ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;

/** A missing field with a default is filled in before it is validated. */
const missingFields = (
  schema: JsonObject,
  value: JsonObject,
  path: string,
): ReadonlyArray<SchemaFlaw> =>
  listAt(schema, "required")
    .map(String)
    .filter((key) => {
      const properties = isJsonObject(schema.properties) ? schema.properties : {};
      const property = properties[key];
      const defaulted = isJsonObject(property) && property.default !== undefined;
      return value[key] === undefined && !defaulted;
    })
    .map((key) => ({ path: at(path, key), _tag: "Missing" }));

/** What lies beneath: known fields, map values, list items. */
const within = (
  schema: JsonObject,
  value: Json,
  path: string,
  manner: Manner,
): ReadonlyArray<SchemaFlaw> => {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isJsonObject(items)
      ? value.flatMap((item, index) => flawsAt(items, item, at(path, index), manner))
      : [];
  }
  if (!isJsonObject(value)) return [];
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const rest = schema.additionalProperties;
  const embedded = schema["x-kubernetes-embedded-resource"] === true || path === "";
  const keepsUnknown =
    schema["x-kubernetes-preserve-unknown-fields"] === true || !manner.prunes || rest === true;
  return [
    ...missingFields(schema, value, path),
    ...Object.entries(value).flatMap(([key, child]): ReadonlyArray<SchemaFlaw> => {
      if (embedded && ["apiVersion", "kind", "metadata"].includes(key)) return [];
      const property = Object.hasOwn(properties, key) ? properties[key] : rest;
      if (isJsonObject(property)) return flawsAt(property, child, at(path, key), manner);
      return keepsUnknown ? [] : [{ path: at(path, key), _tag: "WouldBeDropped" }];
    }),
  ];
};

const combined = (
  schema: JsonObject,
  value: Json,
  path: string,
  { matches }: Manner,
): ReadonlyArray<SchemaFlaw> => {
  if (isIntOrString(schema)) return [];
  const manner = { prunes: false, matches };
  const fits = (one: JsonObject) => flawsAt(one, value, path, manner).length === 0;
  const [any, one] = [subschemas(schema, "anyOf"), subschemas(schema, "oneOf")];
  const none = schema.not;
  return [
    ...subschemas(schema, "allOf").flatMap((each) => flawsAt(each, value, path, manner)),
    ...(any.length > 0 && !any.some(fits) ? [{ path, _tag: "NoneOfAnyOf" } as const] : []),
    ...(one.length > 0 && one.filter(fits).length !== 1
      ? [{ path, _tag: "NotOneOfOneOf" } as const]
      : []),
    ...(isJsonObject(none) && fits(none) ? [{ path, _tag: "Excluded" } as const] : []),
  ];
};

const flawsAt = (
  schema: JsonObject,
  value: Json,
  path: string,
  manner: Manner,
): ReadonlyArray<SchemaFlaw> => {
  if (value === null) {
    // Null is dropped where it is not allowed and a default exists; elsewhere it is an error of its own.
    return schema.nullable === true || schema.type === undefined || schema.default !== undefined
      ? []
      : [{ path, _tag: "Null" }];
  }
  if (isIntOrString(schema)) {
    if (typeof value !== "string" && !Number.isInteger(value)) {
      return [{ path, _tag: "NeitherIntNorString" }];
    }
  } else if (!typeMatches(schema.type, value)) {
    return [{ path, _tag: "WrongType", type: String(schema.type) }];
  }
  return [
    ...CHECKS.flatMap((check) => {
      const flaw = check(schema, value, manner.matches);
      return flaw === undefined ? [] : [{ path, ...flaw }];
    }),
    ...within(schema, value, path, manner),
    ...combined(schema, value, path, manner),
  ];
};

export const schemaFlaws = (
  schema: JsonObject,
  object: Json,
  matches: Matches,
): ReadonlyArray<SchemaFlaw> => flawsAt(schema, object, "", { prunes: true, matches });
