import { assert, describe, it } from "@effect/vitest";
import { Duration, Redacted } from "effect";
import {
  visible,
  visibleData,
  visibleJson,
  visibleText,
} from "../../../src/domain/text/visible.ts";
import { drawnText, NASTY, rawIn } from "../../hostile/text.ts";
import { makeDice } from "../../simulation/dice.ts";

describe("text that somebody else supplied", () => {
  it.each([
    ["\u001b[31mred", "\\u001b[31mred"],
    ["title\u001b]0;x\u0007", "title\\u001b]0;x\\u0007"],
    ["one\r\ntwo\tthree", "one\\r\\ntwo\\tthree"],
    ["\u009b2J", "\\u009b2J"],
    ["a\u202eb", "a\\u202eb"],
    ["a\u200bb", "a\\u200bb"],
    ["\u{e0041}", "\\udb40\\udc41"],
    ["größer, 日本語, 😀 → ok", "größer, 日本語, 😀 → ok"],
  ])("%j is shown as %j", (text, shown) => {
    assert.strictEqual(visible(text), shown);
  });

  it("keeps the lines and tabs that are meant", () => {
    assert.strictEqual(visibleText("a\n\tb\r\u001b"), "a\n\tb\\u000d\\u001b");
  });

  it("is never raw, whatever it is, and JSON of it says the same", () => {
    const dice = makeDice(1);
    for (let times = 0; times < 2_000; times++) {
      const text = drawnText(dice) + drawnText(dice);
      assert.deepStrictEqual(rawIn(visible(text)), [], JSON.stringify(text));
      const json = visibleJson({ text });
      assert.deepStrictEqual(rawIn(json), [], json);
      assert.deepStrictEqual(JSON.parse(json), { text });
      for (const line of visibleText(text).split(/[\n\t]/)) assert.deepStrictEqual(rawIn(line), []);
    }
  });

  it("is found all through data, and sealed or computed values are left alone", () => {
    const [nasty] = NASTY as [string];
    const data = {
      list: [nasty, { deep: nasty }],
      for: Duration.seconds(1),
      sealed: Redacted.make(nasty),
      count: 1,
      nothing: undefined,
    };
    assert.deepStrictEqual(visibleData(data), {
      ...data,
      list: [visible(nasty), { deep: visible(nasty) }],
    });
  });
});
