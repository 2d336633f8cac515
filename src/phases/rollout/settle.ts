/** After Helm's success: the data plane settles, or the upgrade has failed after all. */
import { Clock, Duration, Effect, Option, Result } from "effect";
import { readableNotes } from "../../domain/chart/chart-notes.ts";
import { EnvoyProxy } from "../../domain/kube/objects.ts";
import { deployedRevision, lastRevision, staleDeployed } from "../../domain/release/release.ts";
import { redactText } from "../../domain/text/redaction.ts";
import { UpgradeLeftInPlace } from "../../errors.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { warn } from "../../services/report/Reporter.ts";
import type { DataPlaneOutcome, Rollout } from "../../services/rollout/RolloutGate.ts";
import { describeObstacle } from "../../words/rollout/obstacle.ts";
import {
  type AttemptFailure,
  describeFailure,
  recordGate,
  takesOverAt,
  type UpgradeAttempt,
  untilAnswered,
} from "../helm/attempt.ts";
import { repair } from "../helm/restore.ts";
import { rollBack } from "../helm/roll-back.ts";
import { awaitDataPlane, saveReport, staged } from "./rollout.ts";

const NOTES_WITHIN = Duration.seconds(10);

const INTERRUPTED: DataPlaneOutcome = {
  _tag: "NotSettled",
  why: { _tag: "Interrupted" },
  diagnosis: undefined,
};

/** Helm started from the deployed revision; what a later attempt that failed made of the EnvoyProxy, it did not see. */
const undoFailedAttempt = Effect.fnUntraced(function* (
  { installed, before }: UpgradeAttempt,
  revision: number,
) {
  const { release } = installed;
  const isNewest = lastRevision(before)?.revision === deployedRevision(before)?.revision;
  if (isNewest && staleDeployed(before).length === 0) return;
  const helm = yield* Helm;
  yield* untilAnswered(helm.manifest(release, revision)).pipe(
    Effect.flatMap((manifest) =>
      repair(
        release,
        manifest.filter(({ kind }) => kind === EnvoyProxy.kind),
      ),
    ),
    Effect.catch(({ message }) =>
      warn({ code: "envoy-proxy-unverified", revision, cause: message }),
    ),
  );
});

/** The upgrade has succeeded by now; an interruption ends the waiting, not that. */
const awaitStreams = Effect.fnUntraced(function* (
  { interruption, streams }: UpgradeAttempt,
  budget: Duration.Duration,
) {
  if (Duration.isNegative(budget) || !(yield* streams.busy)) return;
  yield* interruption.wait(staged("drain", budget, streams.drained(budget)));
});

/** They are nice to have: a Helm that cannot be asked for them has upgraded all the same. */
export const readNotes = Effect.fnUntraced(function* (
  { installed }: UpgradeAttempt,
  revision: number,
) {
  const helm = yield* Helm;
  const notes = yield* Effect.option(
    Effect.timeout(helm.notes(installed.release, revision), NOTES_WITHIN),
  );
  return readableNotes(Option.getOrUndefined(notes), installed.secrets);
});

/** Whether the data plane came up; what is to be done where it did not is the caller's. */
export const awaitSettled = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  revision: number,
  rollout: Rollout,
  remaining: Duration.Duration,
) {
  const { options, installed, interruption } = attempt;
  const startedAt = yield* Clock.currentTimeMillis;
  const seen = yield* interruption.wait(
    Effect.andThen(
      undoFailedAttempt(attempt, revision),
      awaitDataPlane(attempt, rollout, remaining, "data plane"),
    ),
  );
  const dataPlane: DataPlaneOutcome = Option.getOrElse(seen, () => INTERRUPTED);
  if (dataPlane._tag === "Absent") {
    yield* warn({ code: "data-plane-absent", namespace: options.dataplaneNamespace });
  }
  if (dataPlane._tag !== "NotSettled") {
    yield* recordGate(attempt, revision, "passed");
    const elapsed = Duration.millis((yield* Clock.currentTimeMillis) - startedAt);
    yield* awaitStreams(attempt, Duration.subtract(remaining, elapsed));
    return Result.succeed({
      revision,
      fromVersion: installed.fromVersion,
      toVersion: installed.chart.version,
      dataPlane: dataPlane._tag,
      rollbackRevision: installed.lastGood?.revision,
      notes: yield* readNotes(attempt, revision),
      rollbackTakesOver: yield* takesOverAt(installed.release, installed.lastGood?.revision),
    });
  }
  yield* recordGate(attempt, revision, "failed");
  yield* saveReport(attempt, revision, dataPlane.diagnosis);
  return Result.fail<AttemptFailure>({
    revision,
    cause: redactText(describeObstacle(dataPlane.why), installed.secrets),
    missingImage: dataPlane.diagnosis?.cause.missingImage,
  });
});

export const settle = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  revision: number,
  rollout: Rollout,
  remaining: Duration.Duration,
) {
  const { options, installed } = attempt;
  const settled = yield* awaitSettled(attempt, revision, rollout, remaining);
  if (Result.isSuccess(settled)) return settled.success;
  const { failure } = settled;
  if (options.atomic) return yield* rollBack(attempt, failure);
  return yield* new UpgradeLeftInPlace({
    ...describeFailure(attempt, failure),
    lastGood: installed.lastGood?.revision,
    takeOver: yield* takesOverAt(installed.release, installed.lastGood?.revision),
  });
});
