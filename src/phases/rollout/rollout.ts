import { Duration, Effect, Ref } from "effect";
import type { RolloutStage } from "../../domain/report/report.ts";
import { hadAilingRelease } from "../../domain/rollout/baseline/prior-state.ts";
import { quietTime } from "../../domain/rollout/verdict.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { Reporter, report, warn } from "../../services/report/Reporter.ts";
import { FailureReports } from "../../services/rollout/FailureReports.ts";
import {
  type DataPlaneOutcome,
  type Diagnosis,
  type FollowRequest,
  type Rollout,
  RolloutGate,
} from "../../services/rollout/RolloutGate.ts";
import { failureReportText } from "../../words/rollout/failure-report.ts";
import type { UpgradeAttempt } from "../helm/attempt.ts";

const FIRST_LOOKS = Duration.seconds(5);
/** Helm's own rollback begins at its deadline, and takes the evidence with it. */
const BEFORE_THE_DEADLINE = Duration.seconds(10);

/** Follows the rollout until the scope closes, and tells of it. */
export const followRollout = Effect.fnUntraced(function* (
  { options, prior }: Pick<UpgradeAttempt, "options" | "prior">,
  request: Pick<FollowRequest, "wanted" | "isUnderWay"> = {},
) {
  const [gate, reporter] = yield* Effect.all([RolloutGate, Reporter]);
  return yield* gate.follow({
    ...request,
    release: options.release,
    dataplaneNamespace: options.dataplaneNamespace,
    prior,
    onProgress: (deployments) => reporter.report({ _tag: "DataPlaneProgress", deployments }),
  });
});

/** Says what is being waited for, and for how long at the most, while `work` goes on. */
export const staged = <A, E, R>(
  stage: RolloutStage,
  budget: Duration.Duration,
  work: Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R | Reporter> =>
  Effect.acquireUseRelease(
    report({ _tag: "RolloutStarted", stage, budgetMillis: Duration.toMillis(budget) }),
    () => work,
    () => report({ _tag: "RolloutEnded" }),
  );

export const awaitDataPlane = (
  { options, prior }: Pick<UpgradeAttempt, "options" | "prior">,
  rollout: Rollout,
  budget: Duration.Duration,
  stage: RolloutStage,
): Effect.Effect<DataPlaneOutcome, never, Reporter> => {
  const { settleTime } = options;
  // However little Helm left of the budget: a data plane that is ready can show it.
  const enough = Duration.max(budget, Duration.sum(quietTime(settleTime), FIRST_LOOKS));
  // A rollback is given all its time: there is nothing to go to from there.
  const failFast = options.failFast && stage !== "rollback";
  const proxiesOnly = stage === "longer drain";
  const asBefore = stage === "rollback";
  const withRelease = asBefore && hadAilingRelease(prior);
  return staged(
    stage,
    enough,
    rollout.settled({ budget: enough, settleTime, failFast, proxiesOnly, asBefore, withRelease }),
  ).pipe(Effect.withSpan("tare.gate"));
};

/** The diagnosis as it was right before Helm's deadline, else as it is when asked for. */
export const keepDiagnosis = Effect.fnUntraced(function* (
  rollout: Rollout,
  timeout: Duration.Duration,
) {
  const kept = yield* Ref.make<Diagnosis | undefined>(undefined);
  const margin = Duration.min(BEFORE_THE_DEADLINE, Duration.times(timeout, 0.2));
  yield* Effect.forkScoped(
    waitFor("rollout-deadline", Duration.subtract(timeout, margin)).pipe(
      Effect.andThen(rollout.diagnosis),
      Effect.flatMap((diagnosis) => Ref.set(kept, diagnosis)),
    ),
  );
  return Effect.flatMap(Ref.get(kept), (snapped) =>
    snapped === undefined ? rollout.diagnosis : Effect.succeed(snapped),
  );
});

/** Keeps what was seen of the failing pods for the operator, and says where. */
export const saveReport = Effect.fnUntraced(function* (
  { installed }: Pick<UpgradeAttempt, "installed">,
  revision: number,
  diagnosis: Diagnosis | undefined,
) {
  if (diagnosis === undefined) return;
  const reports = yield* FailureReports;
  const text = failureReportText(diagnosis.failureReport, installed.secrets);
  yield* reports.save(`${installed.release.name}-revision-${revision}`, text).pipe(
    Effect.matchEffect({
      onSuccess: (file) => report({ _tag: "FailureReportSaved", file }),
      onFailure: ({ message }) => warn({ code: "failure-report-not-kept", cause: message }),
    }),
  );
});
