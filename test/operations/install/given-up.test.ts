/** Ctrl-C in a prompt: the prompt interrupts the run, which ends as with the signal, and nothing has been written. */
import { assert, describe, it } from "@effect/vitest";
import { Effect, Exit, Option } from "effect";
import { Prompts } from "../../../src/services/run/Prompts.ts";
import {
  EMPTY,
  FakeCluster,
  FakeHelm,
  runInstall,
  type Scenario,
  tarsChart,
  world,
} from "../../fakes/index.ts";

const INSTALLED = { installed: tarsChart({ version: "1.2.0" }) };
const WRITING = new Set(["create", "replace", "delete", "apply", "patch"]);

/** Whatever is asked after so many answers is given up. */
const giveUpAfter = (answers: number) => {
  let asked = 0;
  const answer = <A>(value: A) =>
    Effect.suspend(() =>
      asked++ < answers ? Effect.succeed(Option.some(value)) : Effect.interrupt,
    );
  return Prompts.of({
    confirm: () => answer(true),
    typed: () => answer("tars"),
    value: () => answer("acme"),
  });
};

describe("an installation that is given up", () => {
  it.effect.each([
    ["at the question whether to begin", EMPTY, 0],
    ["at the first value", { ...EMPTY, values: {} }, 0],
    ["at the second value", EMPTY, 1],
    ["at the question whether to begin, after two values", EMPTY, 2],
    ["at the removal of what never worked", { ...INSTALLED, revisions: [{ status: "failed" }] }, 0],
    [
      "at the way back",
      { ...INSTALLED, revisions: [{ status: "deployed" }, { status: "pending-upgrade" }] },
      0,
    ],
  ] satisfies ReadonlyArray<readonly [string, Scenario, number]>)(
    "%s is interrupted, and has written nothing",
    ([title, scenario, answers]) =>
      Effect.gen(function* () {
        const isAsked = title.includes("value");
        const { exit } = yield* Effect.provideService(
          runInstall({
            options: {
              yes: false,
              carriedFlags: new Map(isAsked ? [["deployment-mode", "saas"]] : []),
            },
          }),
          Prompts,
          giveUpAfter(answers),
        );
        assert.isTrue(Exit.hasInterrupts(exit), String(exit));
        const requests = yield* (yield* FakeCluster).requests;
        assert.deepStrictEqual(
          requests.filter(({ verb, dryRun }) => WRITING.has(verb) && !dryRun),
          [],
        );
        assert.deepStrictEqual(yield* (yield* FakeHelm).invocations, []);
      }).pipe(Effect.provide(world(scenario))),
  );
});
