import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { answersAhead } from "../../scripts/build/answers.ts";
import { answerTo } from "../../src/answers.ts";
import { programOf } from "../program.ts";

const root = join(import.meta.dirname, "../..");
/** Of a pipe. */
const LOOK = { columns: 100, colours: false, all: false };
const ESCAPE = String.fromCharCode(27);

/** The program itself, which has no answers ahead here. */
const printed = (args: ReadonlyArray<string>): string =>
  execFileSync(process.execPath, [programOf(join(root, "src/main.ts")), ...args], {
    encoding: "utf8",
  });

describe("answers ahead of the program", () => {
  it.effect("are what the program prints", () =>
    Effect.gen(function* () {
      const answers = yield* answersAhead;
      for (const args of [
        ["--version"],
        ["--help"],
        ["upgrade", "--help"],
        ["tools", "list", "-h"],
      ]) {
        assert.strictEqual(answerTo(answers, args, LOOK), printed(args));
      }
    }),
  );

  it.effect("have colours where a terminal wants them, and the same words", () =>
    Effect.gen(function* () {
      const answers = yield* answersAhead;
      const coloured = answerTo(answers, ["upgrade", "--help"], { ...LOOK, colours: true }) ?? "";
      assert.include(coloured, ESCAPE);
      const plain = coloured.replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*m`, "g"), "");
      assert.strictEqual(plain, answerTo(answers, ["upgrade", "--help"], LOOK));
    }),
  );

  it.effect("leave everything else to the program", () =>
    Effect.gen(function* () {
      const answers = yield* answersAhead;
      for (const args of [
        [],
        ["upgrade"],
        ["upgrade", "identity.json", "--help"],
        ["constructor"],
      ]) {
        assert.isUndefined(answerTo(answers, args, LOOK));
      }
    }),
  );
});
