import { Effect } from "effect";
import type { RunRecord } from "../../domain/run/run-journal.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { AnotherRunHoldsTheLock, ClusterUnavailable } from "../../errors.ts";
import { takeLock } from "../../phases/lock/take-lock.ts";
import { ProxyHold } from "../../services/hold/ProxyHold.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { warn } from "../../services/report/Reporter.ts";
import { RunJournal } from "../../services/run/RunJournal.ts";
import { recordDeadRun } from "./record-dead-run.ts";
import { waitForHelmHere } from "./wait-for-helm.ts";

/** What a run has from the moment on that the release is its own. */
export interface OwnedRelease {
  readonly lock: HeldLock;
  /** The run that had the release before, when it died over it. */
  readonly dead: RunRecord | undefined;
}

const acquireLock = ({ release, lockTimeout }: UpgradeOptions) =>
  takeLock(release, { waitAtMost: lockTimeout, worksOn: release.name }).pipe(
    Effect.mapError((error) =>
      error._tag === "LockHeld"
        ? new AnotherRunHoldsTheLock({
            release,
            holder: error.holder,
            since: error.since,
            overlong: error.overlong ?? false,
          })
        : new ClusterUnavailable({
            doing: "take the lock on the release",
            detail: error.message,
          }),
    ),
  );

/**
 * With the lock in hand a run that never ended has died: it is said how, what is left of it is waited for, and its event is
 * written. The release is given back with the scope.
 */
export const takeOwnership = Effect.fnUntraced(function* (options: UpgradeOptions) {
  const { release, timeout } = options;
  const lock = yield* acquireLock(options);
  const journal = yield* RunJournal;
  const latest = yield* journal.latest(release);
  const dead = latest?.ended === undefined ? latest : undefined;
  if (dead !== undefined) yield* warn({ code: "run-died", run: dead });
  yield* Effect.interruptible(waitForHelmHere(release, timeout));
  // Its hold would end by itself within a minute; what this run does next need not wait for that.
  if (dead !== undefined) yield* (yield* ProxyHold).clear(options);
  if (dead !== undefined) yield* recordDeadRun(dead);
  return { lock, dead } satisfies OwnedRelease as OwnedRelease;
});
