import { assert, describe, it } from "@effect/vitest";
import { Schema } from "effect";
import type { JsonObject } from "../../../src/domain/kube/json.ts";
import { membersOf } from "../../../src/services/release/json-members.ts";

const read = (json: string): Record<string, unknown> | undefined => {
  const members = membersOf(Buffer.from(json));
  return members === undefined
    ? undefined
    : Object.fromEntries([...members].map(([name, bytes]) => [name, JSON.parse(String(bytes))]));
};

const Json = Schema.Record(Schema.String, Schema.Json);

describe("the members of an object", () => {
  it.prop("are those that a parser finds", [Json], ([value]) => {
    for (const json of [JSON.stringify(value), JSON.stringify(value, null, "\t")]) {
      const found = read(json);
      assert.strictEqual(
        JSON.stringify(Object.entries(found ?? {})),
        JSON.stringify(Object.entries(JSON.parse(json) as JsonObject)),
      );
    }
  });

  it.each([
    ['{"a": "x\\\\", "b": "\\"}{,", "c": [{"d": "]"}]}', { a: "x\\", b: '"}{,', c: [{ d: "]" }] }],
    ['{"a": 1, "a": 2}', { a: 2 }],
    ['{"\\u0061": 1}', { a: 1 }],
    [" { } \n", {}],
  ])("of %s", (json, value) => {
    assert.deepStrictEqual(read(json), value);
  });

  it.each([
    "",
    "[]",
    "1",
    '"a"',
    "{",
    '{"a"',
    '{"a":',
    '{"a":}',
    '{"a":1',
    '{"a":1}}',
    '{"a":"',
    "{a:1}",
  ])("of %s are none", (json) => {
    assert.isUndefined(membersOf(Buffer.from(json)));
  });
});
