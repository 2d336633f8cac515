import { assert, describe, it } from "@effect/vitest";
import { givenChoice } from "../../../src/cli/flags/global/given-choice.ts";

const given = (...args: ReadonlyArray<string>) =>
  givenChoice(args, "color", ["auto", "always", "never"]);

describe("a choice that is read before anything is parsed", () => {
  it("is written in one word or in two", () => {
    assert.strictEqual(given("upgrade", "--color=never"), "never");
    assert.strictEqual(given("--color", "always", "upgrade"), "always");
  });

  it("is the last one", () => {
    assert.strictEqual(given("--color", "always", "upgrade", "--color=never"), "never");
  });

  it("is none where it is not given, or is no choice, or stands behind --", () => {
    assert.isUndefined(given("upgrade"));
    assert.isUndefined(given("--color", "blue"));
    assert.isUndefined(given("--color"));
    assert.isUndefined(given("--", "--color=always"));
  });
});
