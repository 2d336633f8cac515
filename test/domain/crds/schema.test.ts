import { assert, describe, it } from "@effect/vitest";
import { failingObjects, narrowedVersions, narrows } from "../../../src/domain/crds/narrowing.ts";
import { schemaProblems } from "../../../src/domain/crds/schema.ts";
import { crdView } from "../../../src/domain/crds/view.ts";
import type { Json, JsonObject } from "../../../src/domain/kube/json.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const spec = (schema: JsonObject): JsonObject => ({
  type: "object",
  properties: { spec: schema },
});
const problems = (schema: JsonObject, value: Json) =>
  schemaProblems(spec(schema), { apiVersion: "v1", kind: "X", metadata: {}, spec: value }).map(
    ({ path, problem }) => `${path} ${problem}`,
  );

describe("an object", () => {
  it.each<[JsonObject, Json, ReadonlyArray<string>]>([
    [{ type: "string" }, "x", []],
    [{ type: "string" }, 1, ["spec must be of type string"]],
    [{ type: "integer" }, 1.5, ["spec must be of type integer"]],
    [{ type: "string", nullable: true }, null, []],
    [{ type: "string" }, null, ["spec must not be null"]],
    [{ type: "string", enum: ["a", "b"] }, "c", ['spec "c" is not one of "a", "b"']],
    [{ type: "string", pattern: "^a+$" }, "b", ["spec does not match ^a+$"]],
    [{ type: "string", pattern: "(?P<go>a)" }, "b", []],
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
    assert.deepStrictEqual(problems(schema, value), expected);
  });
});

describe("a schema", () => {
  it.each<[string, JsonObject, JsonObject, boolean]>([
    ["that stays", { type: "string", maxLength: 3 }, { type: "string", maxLength: 3 }, false],
    ["with another description", { type: "string" }, { type: "string", description: "x" }, false],
    ["with a higher limit", { maxLength: 3 }, { maxLength: 4 }, false],
    ["with a lower limit", { maxLength: 3 }, { maxLength: 2 }, true],
    ["with a new limit", {}, { minimum: 0 }, true],
    ["without its limit", { minimum: 0 }, {}, false],
    ["with one more allowed value", { enum: ["a"] }, { enum: ["a", "b"] }, false],
    ["with one less", { enum: ["a", "b"] }, { enum: ["a"] }, true],
    ["with a pattern that its few values match", { enum: ["a"] }, { pattern: "^[a-c]$" }, false],
    [
      "with a pattern that one of them does not match",
      { enum: ["a", "d"] },
      { pattern: "^[a-c]$" },
      true,
    ],
    ["with a required field", { type: "object" }, { type: "object", required: ["a"] }, true],
    [
      "with an optional field",
      { properties: {} },
      { properties: { a: { type: "string" } } },
      false,
    ],
    ["without a field", { properties: { a: {} } }, { properties: {} }, true],
    [
      "without a field, keeping what it does not know",
      { properties: { a: {} } },
      { properties: {}, "x-kubernetes-preserve-unknown-fields": true },
      false,
    ],
    [
      "stricter deep down",
      { properties: { a: { items: { properties: { b: { type: "string" } } } } } },
      { properties: { a: { items: { properties: { b: { type: "string", pattern: "x" } } } } } },
      true,
    ],
    ["not nullable any more", { nullable: true }, {}, true],
    ["of another type", { type: "string" }, { type: "integer" }, true],
  ])("%s", (_, before, after, expected) => {
    assert.strictEqual(narrows(before, after), expected);
  });
});

describe("live objects", () => {
  const crd = (schema: JsonObject): KubeObject => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "xs.example.com" },
    spec: {
      group: "example.com",
      names: { kind: "X", plural: "xs" },
      scope: "Namespaced",
      versions: [
        { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: spec(schema) } },
        { name: "v0", served: false, storage: false, schema: { openAPIV3Schema: spec(schema) } },
      ],
    },
  });
  const before = crdView(
    crd({ type: "object", properties: { a: { type: "string", maxLength: 9 } } }),
  );
  const after = crdView(
    crd({ type: "object", properties: { a: { type: "string", maxLength: 3 } } }),
  );
  const object = (name: string, a: string): KubeObject => ({
    apiVersion: "example.com/v1",
    kind: "X",
    metadata: { name, namespace: "ns" },
    spec: { a },
  });

  it("are looked at in the versions that both serve", () => {
    assert.deepStrictEqual(narrowedVersions(before, after), ["v1"]);
    assert.deepStrictEqual(narrowedVersions(before, before), []);
    assert.deepStrictEqual(narrowedVersions(after, before), []);
  });

  it("fail by what the old schema allowed, not by what was wrong before", () => {
    const objects = [object("fits", "abc"), object("long", "abcd"), object("wrong", "0123456789")];
    assert.deepStrictEqual(failingObjects(before, after, "v1", objects), [
      { version: "v1", name: "long", namespace: "ns", problem: "spec.a is longer than 3" },
    ]);
  });
});
