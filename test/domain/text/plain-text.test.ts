import { assert, describe, it } from "@effect/vitest";
import { plainLine, plainText } from "../../../src/domain/text/plain-text.ts";

describe("text from elsewhere", () => {
  it("keeps its lines and tabs", () => {
    assert.strictEqual(plainText("a\r\n\tb\n"), "a\n\tb\n");
  });

  it("loses what moves a cursor, rings, or turns the direction", () => {
    assert.strictEqual(plainText("a\u001b[2Jb\u0007c\u202ed\u009be\u2066"), "abcde");
  });

  it("is brought onto one line", () => {
    assert.strictEqual(plainLine("  a\n\u001b[31m b\t c "), "a b c");
  });
});
