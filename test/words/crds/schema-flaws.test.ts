import { assert, describe, it } from "@effect/vitest";
import { withinBudget } from "../../../src/domain/crds/patterns.ts";
import { schemaFlaws } from "../../../src/domain/crds/schema.ts";
import type { Json, JsonObject } from "../../../src/domain/kube/json.ts";
import { describeSchemaFlaw } from "../../../src/words/crds/schema-flaws.ts";

const flaws = (schema: JsonObject, value: Json) =>
  schemaFlaws(
    { type: "object", properties: { spec: schema } },
    { spec: value },
    withinBudget(),
  ).map(describeSchemaFlaw);

describe("what a schema finds wrong with an object", () => {
  it.each<[JsonObject, Json, ReadonlyArray<string>]>([
    [{ type: "string" }, "x", []],
    [{ type: "string" }, 1, ["spec must be of type string"]],
    [{ type: "integer" }, 1.5, ["spec must be of type integer"]],
    [{ type: "string", nullable: true }, null, []],
    [{ type: "string" }, null, ["spec must not be null"]],
    [{ type: "string", enum: ["a", "b"] }, "c", ['spec "c" is not one of "a", "b"']],
    [{ type: "string", pattern: "^a+$" }, "b", ["spec does not match ^a+$"]],
    [{ type: "string", pattern: "(?P<go>a)" }, "b", ["spec does not match (?P<go>a)"]],
    [{ type: "string", minLength: 2 }, "a", ["spec is shorter than 2"]],
    [{ type: "string", maxLength: 1 }, "ab", ["spec is longer than 1"]],
    [{ type: "string", maxLength: 1 }, "💡", []],
    [{ type: "integer", minimum: 2 }, 1, ["spec 1 is less than 2"]],
    [{ type: "integer", minimum: 2, exclusiveMinimum: true }, 2, ["spec 2 is less than 2"]],
    [{ type: "integer", maximum: 2 }, 3, ["spec 3 is more than 2"]],
    [{ type: "array", maxItems: 1 }, [1, 2], ["spec has more than 1 items"]],
    [{ type: "array", items: { type: "string" } }, ["a", 1], ["spec[1] must be of type string"]],
    [{ type: "object", required: ["a"] }, {}, ["spec.a is required and not set"]],
    [
      { type: "object", required: ["a"], properties: { a: { type: "string", default: "x" } } },
      {},
      [],
    ],
    [{ type: "object" }, { a: 1 }, ["spec.a is not in the new schema and would be dropped"]],
    [{ type: "object", "x-kubernetes-preserve-unknown-fields": true }, { a: 1 }, []],
    [{ type: "object", additionalProperties: { type: "string" } }, { a: "b" }, []],
    [
      { type: "object", additionalProperties: { type: "string" } },
      { a: 1 },
      ["spec.a must be of type string"],
    ],
    [
      { anyOf: [{ type: "integer" }, { type: "string" }], "x-kubernetes-int-or-string": true },
      "5%",
      [],
    ],
    [
      { anyOf: [{ type: "integer" }, { type: "string" }], "x-kubernetes-int-or-string": true },
      true,
      ["spec must be a whole number or a string"],
    ],
    [
      {
        type: "object",
        properties: { a: {}, b: {} },
        oneOf: [{ required: ["a"] }, { required: ["b"] }],
      },
      { a: 1, b: 2 },
      ["spec does not fit exactly one of oneOf"],
    ],
    [{ type: "string", not: { enum: ["a"] } }, "a", ["spec is what `not` excludes"]],
    [{ type: "string", allOf: [{ maxLength: 1 }] }, "ab", ["spec is longer than 1"]],
  ])("under %j, %j: %j", (schema, value, expected) => {
    assert.deepStrictEqual(flaws(schema, value), expected);
  });
});
