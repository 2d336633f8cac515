import { Clock, Duration, Effect, Option, Result } from "effect";
import { unprovenRevisions } from "../domain/gate-record.ts";
import { formatGoDuration } from "../domain/go-duration.ts";
import { type HelmOutcome, helmOutcome } from "../domain/helm/outcome.ts";
import type { Identity } from "../domain/identity.ts";
import { EnvoyProxy } from "../domain/kube.ts";
import { redactText } from "../domain/redaction.ts";
import { deployedRevision, isPending, lastGoodRevision, lastRevision } from "../domain/release.ts";
import type { UpgradeOptions } from "../domain/upgrade-options.ts";
import {
  ClusterUnavailable,
  OperationInProgress,
  ReleaseVanished,
  type RollbackFailed,
  RunSuperseded,
  UpgradeLeftInPlace,
  UpgradeNotStarted,
  type UpgradeRolledBack,
} from "../errors.ts";
import type { Phase } from "../pipeline.ts";
import type { FailureReports } from "../services/FailureReports.ts";
import { Helm, type HelmError, type HelmExit, type HelmRun } from "../services/Helm.ts";
import type { Kubectl } from "../services/Kubectl.ts";
import type { HeldLock } from "../services/ReleaseLock.ts";
import { ReleaseRecords } from "../services/ReleaseRecords.ts";
import { type Reporter, report, warn } from "../services/Reporter.ts";
import type { DataPlaneOutcome, Diagnosis, Rollout, RolloutGate } from "../services/RolloutGate.ts";
import type { InstalledRelease } from "./discover.ts";
import {
  type AttemptFailure,
  describeFailure,
  nextRevision,
  readHistory,
  recordGate,
  type UpgradeAttempt,
  untilAnswered,
} from "./helm/attempt.ts";
import { underIdentity } from "./helm/identity.ts";
import { withInterruption } from "./helm/interruption.ts";
import { repair } from "./helm/restore.ts";
import { confirmRestored, rollBack } from "./helm/roll-back.ts";
import {
  awaitDataPlane,
  followRollout,
  keepDiagnosis,
  saveReport,
  staged,
} from "./helm/rollout.ts";

export interface HelmUpgradeInput {
  readonly options: UpgradeOptions;
  readonly identity: Identity;
  readonly installed: InstalledRelease;
  readonly lock: HeldLock;
}

export interface UpgradeResult {
  readonly revision: number;
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly dataPlane: "Settled" | "Absent";
  /** Where a later rollback should go; `undefined` when no earlier revision is known to be good. */
  readonly rollbackRevision: number | undefined;
}

type HelmUpgradeError =
  | ClusterUnavailable
  | OperationInProgress
  | ReleaseVanished
  | RollbackFailed
  | RunSuperseded
  | UpgradeLeftInPlace
  | UpgradeNotStarted
  | UpgradeRolledBack;

/** The release as it is right before the first write to it: gone, busy or changed since discovery stops the run. */
const requireUnchanged = Effect.fnUntraced(function* (installed: InstalledRelease) {
  const { release, history } = installed;
  const records = yield* ReleaseRecords;
  const current = yield* Effect.mapError(
    readHistory(release),
    ({ message }) =>
      new ClusterUnavailable({
        doing: "read the release again before changing it",
        detail: message,
      }),
  );
  const [last, discovered] = [lastRevision(current), lastRevision(history)];
  if (last === undefined) return yield* new ReleaseVanished({ release });
  if (isPending(last)) {
    return yield* new OperationInProgress({
      release,
      status: last.status,
      revision: last.revision,
      since: last.updated ?? "at an unknown time",
      lastGood: installed.lastGood?.revision,
    });
  }
  if (last.revision !== discovered?.revision || last.status !== discovered.status) {
    return yield* new RunSuperseded({
      detail: `release ${release.name} went from revision ${discovered?.revision} to ${last.revision} (${last.status}) since it was discovered`,
    });
  }
  // A run that had the lock before may have passed or failed its gate since this one looked.
  const gates = yield* Effect.mapError(
    Effect.all([records.gateRecords(release), records.secretUids(release)], {
      concurrency: "unbounded",
    }),
    ({ message }) =>
      new ClusterUnavailable({ doing: "read the gate's records again", detail: message }),
  );
  const [gateRecords, secretUids] = gates;
  const unproven = unprovenRevisions(gateRecords, new Set(secretUids.values()));
  return {
    before: current,
    installed: { ...installed, secretUids, lastGood: lastGoodRevision(current, unproven) },
  };
});

/** Waits for Helm only as long as it can end well. */
const helmOrDoom = (
  { options, installed }: UpgradeAttempt,
  run: HelmRun,
  rollout: Rollout,
): Effect.Effect<HelmExit, HelmError, Reporter> =>
  options.failFast
    ? Effect.raceFirst(
        run.exit,
        rollout.doomed.pipe(
          Effect.flatMap(({ why }) =>
            warn(`Helm need not wait any longer: ${redactText(why, installed.secrets)}`),
          ),
          // By now Helm waits: what is fatal has stood for its grace time.
          Effect.andThen(run.cancel),
          Effect.andThen(run.exit),
        ),
      )
    : run.exit;

/** Helm's end. An interruption is passed to Helm once, which then fails, or rolls back, and is seen through. */
const helmExit = Effect.fnUntraced(function* (attempt: UpgradeAttempt, rollout: Rollout) {
  const { options, installed, interruption } = attempt;
  const helm = yield* Helm;
  const run = yield* helm.upgrade({
    release: installed.release,
    chart: installed.chart.directory,
    values: installed.values,
    timeout: options.timeout,
    atomic: options.atomic,
  });
  const ended = yield* interruption.wait(
    staged("helm upgrade", options.timeout, helmOrDoom(attempt, run, rollout)),
  );
  return Option.isSome(ended) ? ended.value : yield* Effect.andThen(run.cancel, run.exit);
}, Effect.scoped);

/** Runs Helm to its end and decides from the history what it did. */
const runHelm = Effect.fnUntraced(function* (attempt: UpgradeAttempt, rollout: Rollout) {
  const { installed, before } = attempt;
  const { release } = installed;
  const exit = yield* Effect.result(helmExit(attempt, rollout));
  const errorText = Result.match(exit, {
    onSuccess: (ended) => ended.errorText,
    onFailure: (error) => error.text,
  });
  const after = yield* Effect.result(untilAnswered(readHistory(release)));
  const outcome = Result.match(after, {
    onSuccess: (history): HelmOutcome => helmOutcome(before, history, errorText),
    onFailure: (error): HelmOutcome => ({
      _tag: "Broken",
      revision: nextRevision(before),
      reason: errorText || "helm ended, and then the cluster could not be reached",
      state: `unknown: ${error.message}`,
    }),
  });
  // Helm quotes values when a template or the schema rejects them.
  return "reason" in outcome
    ? { ...outcome, reason: redactText(outcome.reason, installed.secrets) }
    : outcome;
});

const INTERRUPTED: DataPlaneOutcome = {
  _tag: "NotSettled",
  why: "interrupted before the data plane had settled",
  diagnosis: undefined,
};

/** Helm started from the deployed revision; what a later attempt that failed made of the EnvoyProxy, it did not see. */
const undoFailedAttempt = Effect.fnUntraced(function* (
  { installed, before }: UpgradeAttempt,
  revision: number,
) {
  const { release } = installed;
  if (lastRevision(before)?.revision === deployedRevision(before)?.revision) return;
  const helm = yield* Helm;
  yield* untilAnswered(helm.manifest(release, revision)).pipe(
    Effect.flatMap((manifest) =>
      repair(
        release,
        manifest.filter(({ kind }) => kind === EnvoyProxy.kind),
      ),
    ),
    Effect.catch(({ message }) =>
      warn(`whether the EnvoyProxy is that of revision ${revision} is not known: ${message}`),
    ),
  );
});

/** Helm says that it waited in vain; what it waited for is seen by others. */
const WAITED_IN_VAIN = /context canceled|deadline exceeded|timed out|rate(?: |:)|not ready/i;

const failureOf = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  { revision, reason }: { readonly revision: number; readonly reason: string },
  diagnosis: Diagnosis | undefined,
) {
  const interrupted = yield* attempt.interruption.happened;
  const explained = diagnosis !== undefined && WAITED_IN_VAIN.test(reason) && !interrupted;
  yield* saveReport(attempt, revision, diagnosis);
  const failure: AttemptFailure = explained
    ? {
        revision,
        cause: redactText(diagnosis.why, attempt.installed.secrets),
        missingImage: diagnosis.missingImage,
      }
    : { revision, cause: reason, missingImage: undefined };
  return failure;
});

const settle = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  revision: number,
  rollout: Rollout,
  remaining: Duration.Duration,
) {
  const { options, installed, interruption } = attempt;
  const seen = yield* interruption.wait(
    Effect.andThen(
      undoFailedAttempt(attempt, revision),
      awaitDataPlane(attempt, rollout, remaining, "data plane"),
    ),
  );
  const dataPlane: DataPlaneOutcome = Option.getOrElse(seen, () => INTERRUPTED);
  if (dataPlane._tag === "Absent") {
    yield* warn(
      `no Gateway and no Deployment of Envoy Gateway in ${options.dataplaneNamespace}: there was no data plane to verify`,
    );
  }
  if (dataPlane._tag !== "NotSettled") {
    yield* recordGate(attempt, revision, "passed");
    return {
      revision,
      fromVersion: installed.fromVersion,
      toVersion: installed.chart.version,
      dataPlane: dataPlane._tag,
      rollbackRevision: installed.lastGood?.revision,
    };
  }
  yield* recordGate(attempt, revision, "failed");
  yield* saveReport(attempt, revision, dataPlane.diagnosis);
  const failure: AttemptFailure = {
    revision,
    cause: redactText(dataPlane.why, installed.secrets),
    missingImage: dataPlane.diagnosis?.missingImage,
  };
  if (options.atomic) return yield* rollBack(attempt, failure);
  return yield* new UpgradeLeftInPlace({
    ...describeFailure(attempt, failure),
    lastGood: installed.lastGood?.revision,
  });
});

interface Followed {
  readonly rollout: Rollout;
  readonly diagnosis: Effect.Effect<Diagnosis | undefined>;
  /** Of the budget, when Helm had ended. */
  readonly remaining: Duration.Duration;
}

const conclude = Effect.fnUntraced(function* (
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
      return yield* new UpgradeNotStarted({ release, cause: outcome.reason });
    case "Locked":
      yield* recordGate(attempt, nextRevision(attempt.before), "not-started");
      return yield* new OperationInProgress({
        release,
        status: "busy with another operation",
        revision: lastRevision(attempt.before)?.revision ?? 0,
        since: "after this run had looked",
        lastGood: undefined,
      });
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
          });
    }
  }
});

/** Who interrupts a run wants it stopped: with the release as it was, there is nothing to report but that. */
const unlessInterrupted =
  ({ interruption }: UpgradeAttempt) =>
  <E>(error: E): Effect.Effect<never, E> =>
    Effect.flatMap(interruption.happened, (interrupted) =>
      interrupted ? Effect.interrupt : Effect.fail(error),
    );

const mayWrite = (lock: HeldLock): Effect.Effect<void, RunSuperseded> =>
  Effect.mapError(lock.check, ({ detail }) => new RunSuperseded({ detail }));

const attemptUpgrade = Effect.fnUntraced(function* (attempt: UpgradeAttempt) {
  const { options, installed, before } = attempt;
  yield* recordGate(attempt, nextRevision(before), "running");
  yield* Effect.tapError(mayWrite(attempt.lock), () =>
    recordGate(attempt, nextRevision(before), "not-started"),
  );
  const startedAt = yield* Clock.currentTimeMillis;
  yield* report({
    _tag: "HelmUpgradeStarted",
    release: installed.release,
    chartVersion: installed.chart.version,
    timeout: formatGoDuration(options.timeout),
    atomic: options.atomic,
  });
  const rollout = yield* followRollout(attempt);
  const diagnosis = yield* keepDiagnosis(rollout, options.timeout);
  const outcome = yield* runHelm(attempt, rollout);
  const elapsed = Duration.millis((yield* Clock.currentTimeMillis) - startedAt);
  const remaining = Duration.subtract(options.timeout, elapsed);
  const stop = unlessInterrupted(attempt);
  return yield* conclude(attempt, outcome, { rollout, diagnosis, remaining }).pipe(
    Effect.catchTag("UpgradeRolledBack", (error) => stop(error)),
    Effect.catchTag("UpgradeNotStarted", (error) => stop(error)),
  );
}, Effect.scoped);

export const helmUpgrade: Phase<
  HelmUpgradeInput,
  UpgradeResult,
  HelmUpgradeError,
  FailureReports | Helm | Kubectl | ReleaseRecords | Reporter | RolloutGate
> = {
  id: "helm-upgrade",
  title: "Helm upgrade",
  run: Effect.fnUntraced(function* ({ options, identity, installed: discovered, lock }) {
    const { before, installed } = yield* requireUnchanged(discovered);
    yield* mayWrite(lock);
    return yield* withInterruption((interruption) =>
      attemptUpgrade({ options, installed, before, lock, interruption }),
    ).pipe(underIdentity({ identity, installed, lock }));
  }),
};
