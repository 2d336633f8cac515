import { Effect, Schedule } from "effect";
import { CRDS_LOCK } from "../../domain/lease.ts";
import { CrdsLocked } from "../../errors.ts";
import { type LockHeld, ReleaseLock } from "../../services/ReleaseLock.ts";
import { warn } from "../../services/Reporter.ts";
import { unavailable } from "./failures.ts";

/** Longer than a lease lasts without its holder, so that the lock of a killed run does not stop the next one. */
const PATIENCE_SECONDS = 45;

/** CRDs are the cluster's: two runs that change them wait for each other, whatever releases they are about. */
export const lockCrds = Effect.gen(function* () {
  const locks = yield* ReleaseLock;
  const say = ({ holder }: LockHeld) => warn(`waiting for ${holder}, who is changing the CRDs`);
  const held = new Set<string>();
  const attempt = locks.acquire(CRDS_LOCK).pipe(
    Effect.tapError((error) => {
      if (error._tag !== "LockHeld" || held.has(error.holder)) return Effect.void;
      held.add(error.holder);
      return say(error);
    }),
  );
  return yield* attempt.pipe(
    Effect.retry({
      schedule: Schedule.spaced("1 second"),
      times: PATIENCE_SECONDS,
      while: (error) => error._tag === "LockHeld",
    }),
    Effect.mapError((error) =>
      error._tag === "LockHeld"
        ? new CrdsLocked({ holder: error.holder, since: error.since })
        : unavailable("take the lock on the CRDs")(error),
    ),
  );
});
