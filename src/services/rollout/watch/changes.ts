/** News of changes, for those who wait for it without asking again and again. */
import { Clock, Deferred, Duration, Effect, Exit } from "effect";
import { waitFor } from "../../../domain/run/waiting.ts";

export interface Changes {
  /** Says that something is no longer what it was. */
  readonly note: () => void;
  /** How many there have been. */
  readonly count: () => number;
  /** Ends once there have been more than `seen`. */
  readonly after: (seen: number) => Effect.Effect<void>;
}

export const makeChanges = (): Changes => {
  let count = 0;
  let next = Deferred.makeUnsafe<void>();
  return {
    note: () => {
      count += 1;
      const told = next;
      next = Deferred.makeUnsafe();
      Deferred.doneUnsafe(told, Exit.void);
    },
    count: () => count,
    after: (seen) => Effect.suspend(() => (count > seen ? Effect.void : Deferred.await(next))),
  };
};

/** Until there is news, and no longer than until `atMillis`, which may be never. */
export const newsOrTime = Effect.fnUntraced(function* (
  news: Effect.Effect<void>,
  atMillis: number,
) {
  const left = atMillis - (yield* Clock.currentTimeMillis);
  if (left === Number.POSITIVE_INFINITY) return yield* news;
  yield* Effect.raceFirst(news, waitFor("rollout-news", Duration.millis(Math.max(left, 0))));
});

/** Changes come in bursts: what a burst ends with is what counts. */
const BURST = Duration.millis(250);

/** @param seen the count of changes that was looked at already */
export const untilBurstIsOver = (changes: Changes, seen: number): Effect.Effect<void> =>
  changes.count() > seen ? waitFor("rollout-burst", BURST) : Effect.void;
