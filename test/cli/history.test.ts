/** The flags of `tare history`. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { unreachable, world } from "../fakes/index.ts";
import { runCli } from "./support.ts";

const FOUR = {
  revisions: [1, 2, 3, 4].map(
    (number) => ({ status: number < 4 ? "superseded" : "deployed" }) as const,
  ),
};

const numbers = (lines: ReadonlyArray<string>) =>
  lines.flatMap((line) => /^\s*(\d+)\s/.exec(line)?.slice(1, 2) ?? []);

describe("tare history --max", () => {
  it.effect("shows the newest rows, and all without it", () =>
    Effect.gen(function* () {
      const all = yield* runCli(["history"]);
      assert.deepStrictEqual(numbers(all.stdout), ["1", "2", "3", "4"]);
      const two = yield* runCli(["history", "--max", "2"]);
      assert.deepStrictEqual(numbers(two.stdout), ["3", "4"]);
      const more = yield* runCli(["history", "--max", "9"]);
      assert.deepStrictEqual(numbers(more.stdout), ["1", "2", "3", "4"]);
    }).pipe(Effect.provide(world(FOUR))),
  );

  it.effect("wants one row at least", () =>
    Effect.gen(function* () {
      const { code, everything } = yield* runCli(["history", "--max", "0"]);
      assert.strictEqual(code, 2);
      assert.include(everything, "a number of rows, 1 or more");
    }).pipe(Effect.provide(world(FOUR))),
  );

  it.effect("is part of the command to run once more", () =>
    Effect.gen(function* () {
      const { code, everything } = yield* runCli(["history", "--max", "2"]);
      assert.strictEqual(code, 10);
      assert.match(everything, /tare history --max 2/);
    }).pipe(Effect.provide(world({ ...FOUR, faults: [{ trouble: unreachable }] }))),
  );
});
