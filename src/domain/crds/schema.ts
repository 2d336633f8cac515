/**
 * Validation of an object by the OpenAPI schema of its CRD, as far as the API server goes without CEL. Not tried:
 * `x-kubernetes-validations`, `format`, uniqueness in lists. A change of one of these is not checked here.
 */
import { isJsonObject, type Json, type JsonObject, jsonEquals } from "../kube/json.ts";
import { listAt } from "../kube/objects.ts";

interface SchemaProblem {
  /** Dotted, e.g. `spec.rules[0].name`. */
  readonly path: string;
  readonly problem: string;
}

const patterns = new Map<string, RegExp | undefined>();

/** Go's expressions are nearly JavaScript's; one that is not is not tried. */
const patternOf = (source: string): RegExp | undefined => {
  if (!patterns.has(source)) {
    let pattern: RegExp | undefined;
    try {
      pattern = new RegExp(source, "u");
    } catch {
      pattern = undefined;
    }
    patterns.set(source, pattern);
  }
  return patterns.get(source);
};

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

type Check = (schema: JsonObject, value: Json) => string | undefined;

const limit = (schema: JsonObject, key: string): number | undefined => {
  const value = schema[key];
  return typeof value === "number" ? value : undefined;
};

const numberChecks: Check = (schema, value) => {
  if (typeof value !== "number") return undefined;
  const [min, max, step] = ["minimum", "maximum", "multipleOf"].map((key) => limit(schema, key));
  if (min !== undefined && (schema.exclusiveMinimum === true ? value <= min : value < min)) {
    return `${value} is less than ${min}`;
  }
  if (max !== undefined && (schema.exclusiveMaximum === true ? value >= max : value > max)) {
    return `${value} is more than ${max}`;
  }
  return step !== undefined && value % step !== 0
    ? `${value} is no multiple of ${step}`
    : undefined;
};

const stringChecks: Check = (schema, value) => {
  if (typeof value !== "string") return undefined;
  const [min, max] = ["minLength", "maxLength"].map((key) => limit(schema, key));
  const length = [...value].length;
  if (min !== undefined && length < min) return `is shorter than ${min}`;
  if (max !== undefined && length > max) return `is longer than ${max}`;
  const pattern = schema.pattern;
  return typeof pattern === "string" && patternOf(pattern)?.test(value) === false
    ? `does not match ${pattern}`
    : undefined;
};

const sizeChecks: Check = (schema, value) => {
  const [size, what] = Array.isArray(value)
    ? [value.length, "Items"]
    : isJsonObject(value)
      ? [Object.keys(value).length, "Properties"]
      : [undefined, ""];
  if (size === undefined) return undefined;
  const [min, max] = [limit(schema, `min${what}`), limit(schema, `max${what}`)];
  if (min !== undefined && size < min) return `has fewer than ${min} ${what.toLowerCase()}`;
  return max !== undefined && size > max ? `has more than ${max} ${what.toLowerCase()}` : undefined;
};

const enumCheck: Check = ({ enum: allowed }, value) =>
  Array.isArray(allowed) && !allowed.some((one) => jsonEquals(one as Json, value))
    ? `${JSON.stringify(value)} is not one of ${allowed.map((one) => JSON.stringify(one)).join(", ")}`
    : undefined;

const CHECKS: ReadonlyArray<Check> = [enumCheck, numberChecks, stringChecks, sizeChecks];

const at = (path: string, key: string | number): string =>
  typeof key === "number" ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;

/** A missing field with a default is filled in before it is validated. */
const missingFields = (schema: JsonObject, value: JsonObject, path: string) =>
  listAt(schema, "required")
    .map(String)
    .filter((key) => {
      const properties = isJsonObject(schema.properties) ? schema.properties : {};
      const property = properties[key];
      const defaulted = isJsonObject(property) && property.default !== undefined;
      return value[key] === undefined && !defaulted;
    })
    .map((key) => ({ path: at(path, key), problem: "is required and not set" }));

/** What lies beneath: known fields, map values, list items; `prune` says whether unknown fields get lost here. */
const within = (
  schema: JsonObject,
  value: Json,
  path: string,
  prune: boolean,
): ReadonlyArray<SchemaProblem> => {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isJsonObject(items)
      ? value.flatMap((item, index) => problemsAt(items, item, at(path, index), prune))
      : [];
  }
  if (!isJsonObject(value)) return [];
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const rest = schema.additionalProperties;
  const embedded = schema["x-kubernetes-embedded-resource"] === true || path === "";
  const keepsUnknown =
    schema["x-kubernetes-preserve-unknown-fields"] === true || !prune || rest === true;
  return [
    ...missingFields(schema, value, path),
    ...Object.entries(value).flatMap(([key, child]) => {
      if (embedded && ["apiVersion", "kind", "metadata"].includes(key)) return [];
      const property = Object.hasOwn(properties, key) ? properties[key] : rest;
      if (isJsonObject(property)) return problemsAt(property, child, at(path, key), prune);
      return keepsUnknown
        ? []
        : [{ path: at(path, key), problem: "is not in the new schema and would be dropped" }];
    }),
  ];
};

const combined = (schema: JsonObject, value: Json, path: string): ReadonlyArray<SchemaProblem> => {
  if (isIntOrString(schema)) return [];
  const fits = (one: JsonObject) => problemsAt(one, value, path, false).length === 0;
  const [any, one] = [subschemas(schema, "anyOf"), subschemas(schema, "oneOf")];
  const none = schema.not;
  return [
    ...subschemas(schema, "allOf").flatMap((each) => problemsAt(each, value, path, false)),
    ...(any.length > 0 && !any.some(fits) ? [{ path, problem: "fits none of anyOf" }] : []),
    ...(one.length > 0 && one.filter(fits).length !== 1
      ? [{ path, problem: "does not fit exactly one of oneOf" }]
      : []),
    ...(isJsonObject(none) && fits(none) ? [{ path, problem: "is what `not` excludes" }] : []),
  ];
};

const problemsAt = (
  schema: JsonObject,
  value: Json,
  path: string,
  prune: boolean,
): ReadonlyArray<SchemaProblem> => {
  if (value === null) {
    // Null is dropped where it is not allowed and a default exists; elsewhere it is an error of its own.
    return schema.nullable === true || schema.type === undefined || schema.default !== undefined
      ? []
      : [{ path, problem: "must not be null" }];
  }
  if (isIntOrString(schema)) {
    if (typeof value !== "string" && !Number.isInteger(value)) {
      return [{ path, problem: "must be a whole number or a string" }];
    }
  } else if (!typeMatches(schema.type, value)) {
    return [{ path, problem: `must be of type ${String(schema.type)}` }];
  }
  return [
    ...CHECKS.flatMap((check) => {
      const problem = check(schema, value);
      return problem === undefined ? [] : [{ path, problem }];
    }),
    ...within(schema, value, path, prune),
    ...combined(schema, value, path),
  ];
};

export const schemaProblems = (schema: JsonObject, object: Json): ReadonlyArray<SchemaProblem> =>
  problemsAt(schema, object, "", true);
