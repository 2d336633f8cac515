import { assert, describe, it } from "@effect/vitest";
import { Arbitrary, Schema } from "effect";
import {
  canonicalJson,
  describeType,
  dotted,
  getPath,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonPath,
  jsonEquals,
  leaves,
  setPath,
} from "../../../src/domain/kube/json.ts";

const Key = Schema.Union([
  Schema.Literals(["a", "b", "__proto__", "constructor", "toString", "0", "with.dot", ""]),
  Schema.String,
]);
const PathOf = Schema.Array(Key).check(Schema.isMinLength(1), Schema.isMaxLength(5));
const Value = Schema.Json as unknown as Schema.Schema<Json>;
const Mapping = Schema.Record(Key, Schema.Json) as unknown as Schema.Schema<JsonObject>;

const reversedKeys = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(reversedKeys);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, child]) => [key, reversedKeys(child)]),
  );
};

const isPrefix = (short: JsonPath, long: JsonPath) =>
  short.every((key, index) => long[index] === key);

describe("getPath", () => {
  const root: JsonObject = { a: { b: null, c: [{ d: 1 }], e: false, f: "", g: 0 }, x: "text" };

  it.each<[JsonPath, Json | undefined]>([
    [["a", "b"], null],
    [["a", "e"], false],
    [["a", "f"], ""],
    [["a", "g"], 0],
    [["a", "missing"], undefined],
    [["missing", "b"], undefined],
    [["a", "b", "deeper"], undefined],
    [["x", "length"], undefined],
    [["a", "c", "0"], undefined],
    [["a", "c", "length"], undefined],
    [["constructor"], undefined],
    [["__proto__"], undefined],
    [["toString", "name"], undefined],
  ])("finds at %j what is there and nothing that is inherited", (path, value) => {
    assert.deepStrictEqual(getPath(root, path), value);
  });

  it("is the root for an empty path, and nothing when there is no root", () => {
    assert.strictEqual(getPath(root, []), root);
    assert.isUndefined(getPath(undefined, ["a"]));
    assert.isUndefined(getPath(null, ["a"]));
  });
});

describe("setPath", () => {
  it.prop("puts what getPath finds", [Mapping, PathOf, Value], ([root, path, value]) => {
    assert.deepStrictEqual(getPath(setPath(root, path, value), path), value);
  });

  it.prop("leaves its argument alone", [Mapping, PathOf, Value], ([root, path, value]) => {
    const before = canonicalJson(root);
    setPath(root, path, value);
    assert.strictEqual(canonicalJson(root), before);
  });

  it.prop(
    "changes nothing that the path does not lead to",
    [Mapping, PathOf, Value],
    ([root, path, value]) => {
      const after = setPath(root, path, value);
      for (const [other, leaf] of leaves(root)) {
        // Whatever stood on the way had to make room.
        if (isPrefix(path, other) || isPrefix(other, path)) continue;
        assert.deepStrictEqual(getPath(after, other), leaf);
      }
    },
  );

  it.prop(
    "set twice, the later value wins",
    [Mapping, PathOf, Value, Value],
    ([root, path, a, b]) => {
      assert.isTrue(jsonEquals(setPath(setPath(root, path, a), path, b), setPath(root, path, b)));
    },
  );

  it("replaces scalars, lists and null that stand in the way of a mapping", () => {
    for (const obstacle of ["text", 7, [1], null]) {
      assert.deepStrictEqual(setPath({ a: obstacle, z: 1 }, ["a", "b"], true), {
        a: { b: true },
        z: 1,
      });
    }
  });

  it("treats __proto__ as the name of a field and pollutes no prototype", () => {
    const result = setPath({}, ["__proto__", "polluted"], "yes");
    assert.strictEqual(Object.getPrototypeOf(result), Object.prototype);
    assert.isFalse("polluted" in {});
    assert.strictEqual(JSON.stringify(result), '{"__proto__":{"polluted":"yes"}}');
    const parsed = JSON.parse('{"__proto__":{"a":1},"b":2}') as JsonObject;
    assert.strictEqual(
      JSON.stringify(setPath(parsed, ["__proto__", "c"], 3)),
      '{"__proto__":{"a":1,"c":3},"b":2}',
    );
    setPath({}, ["constructor", "prototype", "polluted"], "yes");
    assert.isFalse("polluted" in {});
  });
});

describe("leaves", () => {
  it("lists scalars, lists and empty mappings, depth first in key order", () => {
    assert.deepStrictEqual(leaves({ b: { y: 1, x: { deep: null } }, a: [{ z: 1 }], c: {} }), [
      [["b", "y"], 1],
      [["b", "x", "deep"], null],
      [["a"], [{ z: 1 }]],
      [["c"], {}],
    ]);
    assert.deepStrictEqual(leaves({}), []);
  });

  it.prop("together are the whole mapping", [Mapping], ([root]) => {
    const rebuilt = leaves(root).reduce<JsonObject>(
      (built, [path, value]) => setPath(built, path, value),
      {},
    );
    assert.isTrue(jsonEquals(rebuilt, root));
  });

  it.prop("are each found by their path", [Mapping], ([root]) => {
    for (const [path, value] of leaves(root)) assert.strictEqual(getPath(root, path), value);
  });
});

describe("jsonEquals and canonicalJson", () => {
  it.prop("do not care for the order of keys", [Value], ([value]) => {
    assert.isTrue(jsonEquals(value, reversedKeys(value)));
    assert.strictEqual(canonicalJson(value), canonicalJson(reversedKeys(value)));
  });

  it.prop("canonical text is JSON for the same value", [Value], ([value]) => {
    assert.isTrue(jsonEquals(JSON.parse(canonicalJson(value)) as Json, value));
  });

  it.prop("equal means equal canonical text", [Value, Value], ([left, right]) => {
    assert.strictEqual(jsonEquals(left, right), canonicalJson(left) === canonicalJson(right));
  });

  it.each<[Json | undefined, Json | undefined]>([
    [null, undefined],
    [null, false],
    [0, false],
    [0, ""],
    ["1", 1],
    ["true", true],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { a: 1, b: null }],
    [{ a: { b: 1 } }, { "a.b": 1 }],
  ])("tells %j from %j", (left, right) => {
    assert.isFalse(jsonEquals(left, right));
    assert.isFalse(jsonEquals(right, left));
  });

  it("two missing values are equal", () => {
    assert.isTrue(jsonEquals(undefined, undefined));
  });

  it("sees a member called __proto__", () => {
    const left = JSON.parse('{"__proto__":{"a":1}}') as Json;
    assert.isFalse(jsonEquals(left, {}));
    assert.isTrue(jsonEquals(left, JSON.parse('{"__proto__":{"a":1}}') as Json));
  });
});

describe("the words for what a value is", () => {
  it.each<[unknown, string]>([
    [null, "null"],
    [[], "a list"],
    [{}, "a mapping"],
    ["x", "a string"],
    [1, "a number"],
    [false, "a boolean"],
  ])("%j is %s", (value, words) => {
    assert.strictEqual(describeType(value), words);
  });

  it.prop(
    "a mapping is whatever JSON writes in braces",
    [Arbitrary.schema(Schema.Json)],
    ([value]) => {
      assert.strictEqual(isJsonObject(value), JSON.stringify(value).startsWith("{"));
    },
  );

  it("a path is shown with dots", () => {
    assert.strictEqual(dotted(["global", "imageRegistry"]), "global.imageRegistry");
  });
});
