import { Effect } from "effect";
import type { RestoreFailure } from "../../domain/helm/restore-failure.ts";
import { RollbackFailed, UpgradeRolledBack } from "../../errors.ts";
import type { Helm } from "../../services/helm/Helm.ts";
import { report } from "../../services/report/Reporter.ts";
import {
  type AttemptFailure,
  describeFailure,
  keepLock,
  type Restoration,
  takesOverAt,
} from "./attempt.ts";
import { type NotRestored, restoreRevision, verifyRestored } from "./restore.ts";

const rollbackFailed = Effect.fnUntraced(function* (
  attempt: Restoration,
  failure: AttemptFailure,
  rollbackCause: RestoreFailure,
  lastGood: number,
) {
  return yield* new RollbackFailed({
    ...describeFailure(attempt, failure),
    rollbackCause,
    lastGood,
    takeOver: yield* takesOverAt(attempt.installed.release, lastGood),
  });
});

const ended = <R>(
  attempt: Restoration,
  failure: AttemptFailure,
  restored: number,
  restoring: Effect.Effect<number, NotRestored, R>,
): Effect.Effect<never, RollbackFailed | UpgradeRolledBack, R | Helm> =>
  Effect.matchEffect(restoring, {
    onSuccess: (deployedRevision) =>
      Effect.fail(
        new UpgradeRolledBack({
          ...describeFailure(attempt, failure),
          restoredRevision: restored,
          deployedRevision,
        }),
      ),
    onFailure: ({ why }) => rollbackFailed(attempt, failure, why, restored),
  });

/** Helm has rolled back by itself. */
export const confirmRestored = (attempt: Restoration, failure: AttemptFailure, restored: number) =>
  ended(attempt, failure, restored, verifyRestored(attempt, restored));

/** Brings the release back to the last good revision, by number, with a budget of its own. */
export const rollBack = Effect.fnUntraced(function* (
  attempt: Restoration,
  failure: AttemptFailure,
) {
  const { lastGood } = attempt.installed;
  if (lastGood === undefined) {
    return yield* new RollbackFailed({
      ...describeFailure(attempt, failure),
      rollbackCause: { _tag: "NoGoodRevision" },
      lastGood: undefined,
    });
  }
  const { revision } = lastGood;
  yield* Effect.catch(keepLock(attempt), ({ detail }) =>
    rollbackFailed(attempt, failure, { _tag: "Said", text: detail }, revision),
  );
  yield* report({ _tag: "RollbackStarted", revision, why: failure.cause });
  return yield* ended(attempt, failure, revision, restoreRevision(attempt, revision));
});
