/** What follows from what Helm did. */
import { type Duration, Effect } from "effect";
import type { HelmOutcome, HelmReason } from "../../domain/helm/outcome.ts";
import { lastRevision } from "../../domain/release/release.ts";
import { redactText } from "../../domain/text/redaction.ts";
import {
  OperationInProgress,
  ReleaseVanished,
  UpgradeLeftInPlace,
  UpgradeNotStarted,
} from "../../errors.ts";
import type { Diagnosis, Rollout } from "../../services/rollout/RolloutGate.ts";
import { describeHelmReason } from "../../words/helm/reasons.ts";
import { BUSY_SINCE_LOOKED_AT } from "../../words/release/busy.ts";
import { describeRecord } from "../../words/release/record-flaw.ts";
import { describeRootCause } from "../../words/rollout/trouble.ts";
import { saveReport } from "../rollout/rollout.ts";
import { settle } from "../rollout/settle.ts";
import {
  type AttemptFailure,
  describeFailure,
  nextRevision,
  recordGate,
  takesOverAt,
  type UpgradeAttempt,
} from "./attempt.ts";
import { damagedRecords } from "./damaged-records.ts";
import { confirmRestored, rollBack } from "./roll-back.ts";

/** Helm says that it waited in vain; what it waited for is seen by others. */
const WAITED_IN_VAIN = /context canceled|deadline exceeded|timed out|rate(?: |:)|not ready/i;

/** Why the attempt failed: by what was seen of its pods, where Helm only says that it waited. */
export const failureOf = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  { revision, reason }: { readonly revision: number; readonly reason: HelmReason },
  diagnosis: Diagnosis | undefined,
) {
  const interrupted = yield* attempt.interruption.happened;
  const waitedInVain = reason._tag === "Said" && WAITED_IN_VAIN.test(reason.text);
  const explained = diagnosis !== undefined && waitedInVain && !interrupted;
  yield* saveReport(attempt, revision, diagnosis);
  const failure: AttemptFailure = explained
    ? {
        revision,
        cause: redactText(describeRootCause(diagnosis.cause), attempt.installed.secrets),
        missingImage: diagnosis.cause.missingImage,
      }
    : { revision, cause: describeHelmReason(reason), missingImage: undefined };
  return failure;
});

interface Followed {
  readonly rollout: Rollout;
  readonly diagnosis: Effect.Effect<Diagnosis | undefined>;
  /** Of the budget, when Helm had ended. */
  readonly remaining: Duration.Duration;
}

export const conclude = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  outcome: HelmOutcome,
  { rollout, diagnosis, remaining }: Followed,
) {
  const { options, installed } = attempt;
  const { release, lastGood } = installed;
  switch (outcome._tag) {
    case "Upgraded":
      return yield* settle(attempt, outcome.revision, rollout, remaining);
    case "Vanished":
      return yield* new ReleaseVanished({ release });
    case "NotStarted":
      yield* recordGate(attempt, nextRevision(attempt.before), "not-started");
      return yield* new UpgradeNotStarted({
        release,
        cause: describeHelmReason(outcome.reason),
      });
    case "Locked": {
      yield* recordGate(attempt, nextRevision(attempt.before), "not-started");
      const records = yield* damagedRecords(release, attempt.before, lastGood?.revision);
      if (records.length > 0) {
        const cause = records.map((one) => describeRecord(release.namespace, one)).join("; ");
        return yield* new UpgradeNotStarted({ release, cause, records });
      }
      return yield* new OperationInProgress({
        release,
        ...BUSY_SINCE_LOOKED_AT,
        revision: lastRevision(attempt.before)?.revision ?? 0,
        lastGood: undefined,
      });
    }
    case "RolledBack": {
      yield* recordGate(attempt, outcome.revision, "failed");
      const failure = yield* failureOf(attempt, outcome, yield* diagnosis);
      // Helm takes the newest candidate, which can be a revision that failed before (helm/helm#11435).
      return outcome.restored === lastGood?.revision
        ? yield* confirmRestored(attempt, failure, outcome.restored)
        : yield* rollBack(attempt, failure);
    }
    case "Failed":
    case "Broken": {
      yield* recordGate(attempt, outcome.revision, "failed");
      const failure = yield* failureOf(attempt, outcome, yield* diagnosis);
      return options.atomic
        ? yield* rollBack(attempt, failure)
        : yield* new UpgradeLeftInPlace({
            ...describeFailure(attempt, failure),
            lastGood: lastGood?.revision,
            takeOver: yield* takesOverAt(release, lastGood?.revision),
          });
    }
  }
});
