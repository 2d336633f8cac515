import { assert, describe, it } from "@effect/vitest";
import { columnsOf, firstColumns, padColumns } from "../../../src/render/text/columns.ts";

describe("the room that a text takes", () => {
  it.each([
    ["plain → text █░…", 16],
    ["日本語", 6],
    ["e\u0301", 1],
    ["😀!", 3],
    ["한국어 fehlt", 12],
  ])("%j takes %d columns", (text, columns) => {
    assert.strictEqual(columnsOf(text), columns);
  });

  it("ends before a letter that has no room", () => {
    assert.strictEqual(firstColumns("日本語", 5), "日本");
    assert.strictEqual(firstColumns("abc", 5), "abc");
  });

  it("is filled up to a width", () => {
    assert.strictEqual(padColumns("日本", 6), "日本  ");
  });
});
