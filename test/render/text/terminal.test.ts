import { assert, describe, it } from "@effect/vitest";
import { canRedraw, hasColours, sizeOf } from "../../../src/render/text/terminal.ts";

const TERMINAL = { isTTY: true, columns: 100, rows: 30 };
const PIPE = {};

describe("colours", () => {
  it.each([
    ["a terminal", TERMINAL, {}, true],
    ["a pipe", PIPE, {}, false],
    ["TERM=dumb", TERMINAL, { TERM: "dumb" }, false],
    ["a CI log on a terminal", TERMINAL, { CI: "true" }, false],
    ["CI=false", TERMINAL, { CI: "false" }, true],
    ["CI= with nothing", TERMINAL, { CI: "" }, true],
    ["NO_COLOR", TERMINAL, { NO_COLOR: "1" }, false],
    ["NO_COLOR= with nothing", TERMINAL, { NO_COLOR: "" }, true],
    ["FORCE_COLOR in a pipe", PIPE, { FORCE_COLOR: "1" }, true],
    ["FORCE_COLOR in a CI log", PIPE, { FORCE_COLOR: "true", CI: "true" }, true],
    ["FORCE_COLOR=0 on a terminal", TERMINAL, { FORCE_COLOR: "0" }, false],
    ["CLICOLOR_FORCE in a pipe", PIPE, { CLICOLOR_FORCE: "1" }, true],
    ["CLICOLOR_FORCE=0 in a pipe", PIPE, { CLICOLOR_FORCE: "0" }, false],
    ["CLICOLOR=0 on a terminal", TERMINAL, { CLICOLOR: "0" }, false],
    ["NO_COLOR beside FORCE_COLOR", PIPE, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
  ] as const)("%s", (_, stream, env, expected) => {
    assert.strictEqual(hasColours(stream, env), expected);
  });

  it("are the flag's to decide before all of them", () => {
    assert.isTrue(hasColours(PIPE, { NO_COLOR: "1", TERM: "dumb" }, "always"));
    assert.isFalse(hasColours(TERMINAL, { FORCE_COLOR: "1" }, "never"));
  });
});

describe("lines that are drawn again", () => {
  it.each([
    ["on a terminal", TERMINAL, {}, "auto", true],
    ["not where plain ones are asked for", TERMINAL, {}, "plain", false],
    ["not in a pipe", PIPE, {}, "auto", false],
    ["not in a pipe with forced colours", PIPE, { FORCE_COLOR: "1" }, "auto", false],
    ["not on a dumb terminal", TERMINAL, { TERM: "dumb" }, "auto", false],
    ["not in a CI log", TERMINAL, { CI: "1" }, "auto", false],
  ] as const)("%s", (_, stream, env, choice, expected) => {
    assert.strictEqual(canRedraw(stream, env, choice), expected);
  });
});

describe("the size", () => {
  it("is that of the terminal", () => {
    assert.deepStrictEqual(sizeOf(TERMINAL), { columns: 100, rows: 30 });
  });

  it("is a usual one where the terminal has none", () => {
    const usual = { columns: 80, rows: 24 };
    assert.deepStrictEqual(sizeOf({ columns: 0, rows: 0 }), usual);
    assert.deepStrictEqual(sizeOf(PIPE), usual);
  });
});
