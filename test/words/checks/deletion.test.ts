import { assert, describe, it } from "@effect/vitest";
import { describeDeletion } from "../../../src/words/checks/deletion.ts";

const since = "2026-01-01T00:00:00Z";

describe("what is being deleted", () => {
  it.each([
    [{ since, finalizers: [], waitsFor: [] }, `is being deleted since ${since}`],
    [
      { since, finalizers: ["a/b", "c"], waitsFor: [] },
      `is being deleted since ${since}, held by finalizers a/b, c`,
    ],
    [
      { since, finalizers: [], waitsFor: ["pods. has 2 resource instances"] },
      `is being deleted since ${since}, held by pods. has 2 resource instances`,
    ],
  ])("%j", (deletion, expected) => {
    assert.strictEqual(describeDeletion(deletion), expected);
  });
});
