import { Clock, Duration, Effect, type Exit, Fiber } from "effect";
import { TestClock } from "effect/testing";

export interface Simulated<A, E> {
  readonly exit: Exit.Exit<A, E>;
  /** Virtual milliseconds. */
  readonly elapsed: number;
}

const TURNS = 50;

/** Runs a program to its end in virtual time; a defect when it needs more than `limit`. */
export const simulate = Effect.fnUntraced(function* <A, E, R>(
  program: Effect.Effect<A, E, R>,
  limit: Duration.Input = "2 hours",
) {
  const startedAt = yield* Clock.currentTimeMillis;
  const fiber = yield* Effect.forkChild(
    Effect.flatMap(Effect.exit(program), (exit) =>
      Effect.map(
        Clock.currentTimeMillis,
        (now): Simulated<A, E> => ({ exit, elapsed: now - startedAt }),
      ),
    ),
  );
  // A fiber lets others run after some thousands of steps: time must not pass before it has come to its first pause.
  for (let turn = 0; turn < TURNS && fiber.pollUnsafe() === undefined; turn += 1) {
    yield* Effect.yieldNow;
  }
  yield* TestClock.adjust(limit);
  if (fiber.pollUnsafe() === undefined) {
    yield* Fiber.interrupt(fiber);
    return yield* Effect.die(
      new Error(`not finished after ${Duration.format(Duration.fromInputUnsafe(limit))}`),
    );
  }
  return yield* Fiber.join(fiber);
});
