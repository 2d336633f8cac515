import { Effect, Exit, Option, Ref } from "effect";
import { type Reporter, warn } from "../../services/report/Reporter.ts";

/**
 * Lets an operator interrupt the waiting, and nothing else: what follows (a rollback, its verification, the records) runs
 * to its end, because stopping there is what leaves a release in pieces.
 */
export interface Interruption {
  /** Nothing when the wait was interrupted, or the run already had been. */
  readonly wait: <A, E, R>(
    waiting: Effect.Effect<A, E, R>,
  ) => Effect.Effect<Option.Option<A>, E, R | Reporter>;
  readonly happened: Effect.Effect<boolean>;
}

/** Runs `work` uninterruptibly but for what it passes to `wait`, which can be interrupted wherever this is run. */
export const withInterruption = Effect.fnUntraced(function* <A, E, R>(
  work: (interruption: Interruption) => Effect.Effect<A, E, R>,
) {
  const noticed = yield* Ref.make(false);
  const notice = Effect.flatMap(Ref.getAndSet(noticed, true), (before) =>
    before ? Effect.void : warn({ code: "interrupted" }),
  );
  return yield* work({
    happened: Ref.get(noticed),
    wait: (waiting) =>
      Effect.flatMap(Effect.exit(Effect.interruptible(waiting)), (exit) =>
        Exit.isSuccess(exit)
          ? Effect.succeed(Option.some(exit.value))
          : Exit.hasInterrupts(exit)
            ? Effect.as(notice, Option.none())
            : Effect.failCause(exit.cause),
      ),
  });
}, Effect.uninterruptible);
