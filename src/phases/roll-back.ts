import { Effect, Result } from "effect";
import { carriedSecrets } from "../domain/carry-over.ts";
import { redactText } from "../domain/redaction.ts";
import { deployedRevision, lastRevision, rollbackTarget } from "../domain/release.ts";
import { RollbackFailed, UpgradeRolledBack } from "../errors.ts";
import { Helm } from "../services/Helm.ts";
import { report } from "../services/Reporter.ts";
import {
  type AttemptFailure,
  awaitDataPlane,
  describeFailure,
  readHistory,
  type UpgradeAttempt,
} from "./upgrade-attempt.ts";

/** A rollback counts only when the data plane runs again: Helm's word covers its own objects at best. */
export const confirmRestored = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  failure: AttemptFailure,
  restored: number,
) {
  const failed = (rollbackCause: string) =>
    new RollbackFailed({ ...describeFailure(attempt, failure), rollbackCause, lastGood: restored });
  const history = yield* Effect.mapError(readHistory(attempt.installed.release), ({ message }) =>
    failed(`the release could not be read afterwards: ${message}`),
  );
  const [last, deployed] = [lastRevision(history), deployedRevision(history)];
  if (
    last === undefined ||
    deployed?.revision !== last.revision ||
    rollbackTarget(last) !== restored
  ) {
    return yield* failed(
      `revision ${last?.revision} is ${last?.status}, not a rollback to ${restored}`,
    );
  }
  const dataPlane = yield* awaitDataPlane(attempt, attempt.options.timeout);
  if (dataPlane._tag === "NotSettled") {
    return yield* failed(`the data plane did not come back: ${dataPlane.why}`);
  }
  return yield* new UpgradeRolledBack({
    ...describeFailure(attempt, failure),
    restoredRevision: restored,
    deployedRevision: deployed.revision,
  });
});

/** Brings the release back to the last good revision, by number, with a budget of its own. */
export const rollBack = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  failure: AttemptFailure,
) {
  const { release, lastGood } = attempt.installed;
  const helm = yield* Helm;
  if (lastGood === undefined) {
    return yield* new RollbackFailed({
      ...describeFailure(attempt, failure),
      rollbackCause: "no earlier revision is known to be good",
      lastGood: undefined,
    });
  }
  yield* Effect.mapError(
    attempt.lock.check,
    ({ detail }) =>
      new RollbackFailed({
        ...describeFailure(attempt, failure),
        rollbackCause: detail,
        lastGood: lastGood.revision,
      }),
  );
  yield* report({ _tag: "RollbackStarted", revision: lastGood.revision, why: failure.cause });
  const exit = yield* Effect.result(
    helm.rollback({
      release,
      revision: lastGood.revision,
      timeout: attempt.options.timeout,
    }),
  );
  if (Result.isFailure(exit) || exit.success.code !== 0) {
    const text = Result.isFailure(exit) ? exit.failure.text : exit.success.errorText;
    return yield* new RollbackFailed({
      ...describeFailure(attempt, failure),
      rollbackCause: redactText(text, carriedSecrets(attempt.installed.carry)),
      lastGood: lastGood.revision,
    });
  }
  return yield* confirmRestored(attempt, failure, lastGood.revision);
});
