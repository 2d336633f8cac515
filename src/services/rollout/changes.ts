/** News for whoever waits for it, without asking again and again. */
import { Deferred, Effect, Exit } from "effect";

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
