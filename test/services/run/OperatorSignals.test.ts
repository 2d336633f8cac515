import { setTimeout as sleep } from "node:timers/promises";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Fiber } from "effect";
import { OperatorSignals } from "../../../src/services/run/OperatorSignals.ts";
import { layerOperatorSignalsProcess } from "../../../src/services/run/OperatorSignalsProcess.ts";

const APART_MILLIS = 600;

/** How many further signals are told when these come, each after so many milliseconds. */
const furtherOf = (signals: ReadonlyArray<readonly [NodeJS.Signals, number]>) =>
  Effect.gen(function* () {
    const { further } = yield* OperatorSignals;
    let told = 0;
    const counting = yield* Effect.forkChild(
      Effect.forever(
        Effect.map(further, () => {
          told += 1;
        }),
      ),
    );
    for (const [name, afterMillis] of signals) {
      yield* Effect.promise(() => sleep(afterMillis));
      process.emit(name);
    }
    yield* Effect.promise(() => sleep(20));
    yield* Fiber.interrupt(counting);
    return told;
  }).pipe(Effect.provide(layerOperatorSignalsProcess));

describe("the operator's signals", () => {
  it.live("to the group and passed on by a launcher are one", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* furtherOf([
          ["SIGINT", 0],
          ["SIGINT", 20],
          ["SIGTERM", 50],
        ]),
        0,
      );
    }),
  );

  it.live("that come again are told once each, however often they were passed on", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* furtherOf([
          ["SIGINT", 0],
          ["SIGINT", 10],
          ["SIGINT", APART_MILLIS],
          ["SIGINT", 10],
          ["SIGTERM", APART_MILLIS],
        ]),
        2,
      );
    }),
  );
});
