import { assert, describe, it } from "@effect/vitest";
import { parse } from "yaml";
import { valuesText } from "../../src/cli/values-output.ts";

const VALUES = {
  on: "on",
  y: "n",
  "0123": "0123",
  octal: "0o17",
  time: "12:30:45",
  float: "1e3",
  none: "null",
  tilde: "~",
  merge: "<<",
  date: "2026-11-28",
  empty: "",
  gone: null,
  number: 1000,
  share: 0.25,
  off: false,
  lines: "a\n  b\n\n",
  colon: "a: b # c",
  unicode: "ünïcødé 😀",
  list: [1, "1", null, { deep: ["x"] }],
  nothing: {},
  "a.b/c": { "*": "&x" },
};

describe("values as text", () => {
  it.each(["1.1", "1.2"] as const)("are read as they are by YAML %s", (version) => {
    assert.deepStrictEqual(parse(valuesText(VALUES), { version, merge: true }), VALUES);
  });

  it("hide nothing, and are the same all the same", () => {
    const values = { "k\u202ey": "a\u200bb\u009b31m", far: "x\u{e0001}y", bell: "\u0007" };
    const text = valuesText(values);
    assert.match(text, /^[\x20-\x7e\n]+$/);
    assert.deepStrictEqual(parse(text), values);
  });
});
