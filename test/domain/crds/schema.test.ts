import { assert, describe, it } from "@effect/vitest";
import { failingObjects, narrowedVersions, narrows } from "../../../src/domain/crds/narrowing.ts";
import { withinBudget } from "../../../src/domain/crds/patterns.ts";
import { type SchemaFlaw, schemaFlaws } from "../../../src/domain/crds/schema.ts";
import { crdView } from "../../../src/domain/crds/view.ts";
import type { Json, JsonObject } from "../../../src/domain/kube/json.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const spec = (schema: JsonObject): JsonObject => ({
  type: "object",
  properties: { spec: schema },
});
const matches = withinBudget();
const flaws = (schema: JsonObject, value: Json) =>
  schemaFlaws(spec(schema), { apiVersion: "v1", kind: "X", metadata: {}, spec: value }, matches);

describe("an object", () => {
  it.each<[JsonObject, Json, ReadonlyArray<SchemaFlaw>]>([
    [{ type: "string" }, "x", []],
    [{ type: "string" }, 1, [{ path: "spec", _tag: "WrongType", type: "string" }]],
    [{ type: "integer" }, 1.5, [{ path: "spec", _tag: "WrongType", type: "integer" }]],
    [{ type: "string", nullable: true }, null, []],
    [{ type: "string" }, null, [{ path: "spec", _tag: "Null" }]],
    [
      { type: "string", enum: ["a", "b"] },
      "c",
      [{ path: "spec", _tag: "NotInEnum", value: "c", allowed: ["a", "b"] }],
    ],
    [
      { type: "string", pattern: "^a+$" },
      "b",
      [{ path: "spec", _tag: "NoMatch", pattern: "^a+$" }],
    ],
    [
      { type: "string", pattern: "(?P<go>a)" },
      "b",
      [{ path: "spec", _tag: "NoMatch", pattern: "(?P<go>a)" }],
    ],
    [{ type: "string", pattern: "(?=a)" }, "b", []],
    [{ type: "string", minLength: 2 }, "a", [{ path: "spec", _tag: "TooShort", limit: 2 }]],
    [{ type: "string", maxLength: 1 }, "ab", [{ path: "spec", _tag: "TooLong", limit: 1 }]],
    [{ type: "string", maxLength: 1 }, "💡", []],
    [
      { type: "integer", minimum: 2 },
      1,
      [{ path: "spec", _tag: "BelowMinimum", value: 1, limit: 2 }],
    ],
    [
      { type: "integer", minimum: 2, exclusiveMinimum: true },
      2,
      [{ path: "spec", _tag: "BelowMinimum", value: 2, limit: 2 }],
    ],
    [
      { type: "integer", maximum: 2 },
      3,
      [{ path: "spec", _tag: "AboveMaximum", value: 3, limit: 2 }],
    ],
    [
      { type: "array", maxItems: 1 },
      [1, 2],
      [{ path: "spec", _tag: "TooMany", limit: 1, of: "items" }],
    ],
    [
      { type: "array", items: { type: "string" } },
      ["a", 1],
      [{ path: "spec[1]", _tag: "WrongType", type: "string" }],
    ],
    [{ type: "object", required: ["a"] }, {}, [{ path: "spec.a", _tag: "Missing" }]],
    [
      { type: "object", required: ["a"], properties: { a: { type: "string", default: "x" } } },
      {},
      [],
    ],
    [{ type: "object" }, { a: 1 }, [{ path: "spec.a", _tag: "WouldBeDropped" }]],
    [{ type: "object", "x-kubernetes-preserve-unknown-fields": true }, { a: 1 }, []],
    [{ type: "object", additionalProperties: { type: "string" } }, { a: "b" }, []],
    [
      { type: "object", additionalProperties: { type: "string" } },
      { a: 1 },
      [{ path: "spec.a", _tag: "WrongType", type: "string" }],
    ],
    [
      { anyOf: [{ type: "integer" }, { type: "string" }], "x-kubernetes-int-or-string": true },
      "5%",
      [],
    ],
    [
      { anyOf: [{ type: "integer" }, { type: "string" }], "x-kubernetes-int-or-string": true },
      true,
      [{ path: "spec", _tag: "NeitherIntNorString" }],
    ],
    [
      {
        type: "object",
        properties: { a: {}, b: {} },
        oneOf: [{ required: ["a"] }, { required: ["b"] }],
      },
      { a: 1, b: 2 },
      [{ path: "spec", _tag: "NotOneOfOneOf" }],
    ],
    [{ type: "string", not: { enum: ["a"] } }, "a", [{ path: "spec", _tag: "Excluded" }]],
    [
      { type: "string", allOf: [{ maxLength: 1 }] },
      "ab",
      [{ path: "spec", _tag: "TooLong", limit: 1 }],
    ],
  ])("under %j, %j: %j", (schema, value, expected) => {
    assert.deepStrictEqual(flaws(schema, value), expected);
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
    assert.strictEqual(narrows(before, after, matches), expected);
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
    assert.deepStrictEqual(narrowedVersions(before, after, matches), ["v1"]);
    assert.deepStrictEqual(narrowedVersions(before, before, matches), []);
    assert.deepStrictEqual(narrowedVersions(after, before, matches), []);
  });

  it("fail by what the old schema allowed, not by what was wrong before", () => {
    const objects = [object("fits", "abc"), object("long", "abcd"), object("wrong", "0123456789")];
    assert.deepStrictEqual(failingObjects(before, after, "v1", objects, matches), [
      {
        version: "v1",
        name: "long",
        namespace: "ns",
        flaw: { path: "spec.a", _tag: "TooLong", limit: 3 },
      },
    ]);
  });
});
