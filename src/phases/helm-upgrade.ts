import { Clock, Duration, Effect, Result } from "effect";
import { carriedSecrets } from "../domain/carry-over.ts";
import type { GateRecord } from "../domain/gate-record.ts";
import { formatGoDuration } from "../domain/go-duration.ts";
import { type HelmOutcome, helmOutcome } from "../domain/helm-outcome.ts";
import type { Identity } from "../domain/identity.ts";
import { identitySecret } from "../domain/identity-secret.ts";
import { Secret } from "../domain/kube.ts";
import { redactText } from "../domain/redaction.ts";
import {
  deployedRevision,
  type History,
  isPending,
  lastRevision,
  type ReleaseRef,
  rollbackTarget,
} from "../domain/release.ts";
import type { UpgradeOptions } from "../domain/upgrade-options.ts";
import {
  ClusterUnavailable,
  OperationInProgress,
  ReleaseVanished,
  RollbackFailed,
  RunSuperseded,
  UpgradeLeftInPlace,
  UpgradeNotStarted,
  UpgradeRolledBack,
} from "../errors.ts";
import type { Phase } from "../pipeline.ts";
import { Helm } from "../services/Helm.ts";
import { Kubectl } from "../services/Kubectl.ts";
import type { HeldLock } from "../services/ReleaseLock.ts";
import { ReleaseRecords } from "../services/ReleaseRecords.ts";
import { Reporter, report, warn } from "../services/Reporter.ts";
import { type DataPlaneOutcome, RolloutGate } from "../services/RolloutGate.ts";
import type { InstalledRelease } from "./discover.ts";

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

const nextRevision = (history: History): number => (lastRevision(history)?.revision ?? 0) + 1;

const readHistory = Effect.fnUntraced(function* (release: ReleaseRef) {
  const helm = yield* Helm;
  return yield* helm.history(release);
});

/** The release as it is right before the first write to it: gone, busy or changed since discovery stops the run. */
const requireUnchanged = Effect.fnUntraced(function* ({ release, history }: InstalledRelease) {
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
      lastGood: undefined,
    });
  }
  if (last.revision !== discovered?.revision || last.status !== discovered.status) {
    return yield* new RunSuperseded({
      detail: `release ${release.name} went from revision ${discovered?.revision} to ${last.revision} (${last.status}) since it was discovered`,
    });
  }
  return current;
});

const applyIdentity = Effect.fnUntraced(function* (identity: Identity, release: ReleaseRef) {
  const kubectl = yield* Kubectl;
  yield* kubectl
    .apply(Secret, identitySecret(identity, release.namespace), {
      fieldManager: "tare",
      force: true,
    })
    .pipe(
      Effect.mapError(
        ({ message }) =>
          new ClusterUnavailable({ doing: "write the identity Secret", detail: message }),
      ),
    );
});

/** What every later step of one attempt needs to know. */
interface Attempt {
  readonly options: UpgradeOptions;
  readonly installed: InstalledRelease;
  readonly before: History;
  readonly lock: HeldLock;
}

const recordGate = Effect.fnUntraced(function* (
  { installed, before }: Attempt,
  revision: number,
  state: GateRecord["state"] | "not-started",
) {
  const records = yield* ReleaseRecords;
  const newest = lastRevision(before)?.revision;
  const baseUid = newest === undefined ? undefined : installed.secretUids.get(newest);
  if (baseUid === undefined) return;
  const keep = new Set([...before.map((one) => one.revision), revision]);
  yield* records
    .recordGate(
      installed.release,
      revision,
      state === "not-started" ? undefined : { state, baseUid },
      keep,
    )
    .pipe(
      Effect.catch(({ message }) => warn(`the gate's result could not be recorded: ${message}`)),
    );
});

const awaitDataPlane = Effect.fnUntraced(function* (
  { options }: Attempt,
  budget: Duration.Duration,
) {
  const [gate, reporter] = yield* Effect.all([RolloutGate, Reporter]);
  return yield* gate.await({
    systemNamespace: options.release.namespace,
    dataplaneNamespace: options.dataplaneNamespace,
    budget: Duration.max(budget, options.settleTime),
    settleTime: options.settleTime,
    onProgress: (deployments) => reporter.report({ _tag: "DataPlaneProgress", deployments }),
  });
});

/** Runs Helm to its end and decides from the history what it did. */
const runHelm = Effect.fnUntraced(function* ({ options, installed, before }: Attempt) {
  const { release, chart, values } = installed;
  const helm = yield* Helm;
  const notStarted = ({ message }: { readonly message: string }) =>
    new UpgradeNotStarted({ release, cause: message });
  const run = yield* Effect.mapError(
    helm.upgrade({
      release,
      chart: chart.directory,
      values,
      timeout: options.timeout,
      atomic: options.atomic,
    }),
    notStarted,
  );
  const exit = yield* Effect.result(run.exit);
  const errorText = Result.match(exit, {
    onSuccess: (ended) => ended.errorText,
    onFailure: (error) => error.text,
  });
  const after = yield* Effect.result(readHistory(release));
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
  const secrets = carriedSecrets(installed.carry);
  return "reason" in outcome
    ? { ...outcome, reason: redactText(outcome.reason, secrets) }
    : outcome;
}, Effect.scoped);

interface Failure {
  readonly revision: number;
  readonly cause: string;
}

const describe = (attempt: Attempt, { revision, cause }: Failure) => ({
  release: attempt.installed.release,
  dataplaneNamespace: attempt.options.dataplaneNamespace,
  failedRevision: revision,
  cause,
});

/** A rollback counts only when the data plane runs again: Helm's word covers its own objects at best. */
const confirmRestored = Effect.fnUntraced(function* (
  attempt: Attempt,
  failure: Failure,
  restored: number,
) {
  const failed = (rollbackCause: string) =>
    new RollbackFailed({ ...describe(attempt, failure), rollbackCause, lastGood: restored });
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
    ...describe(attempt, failure),
    restoredRevision: restored,
    deployedRevision: deployed.revision,
  });
});

/** Brings the release back to the last good revision, by number, with a budget of its own. */
const rollBack = Effect.fnUntraced(function* (attempt: Attempt, failure: Failure) {
  const { release, lastGood } = attempt.installed;
  const helm = yield* Helm;
  if (lastGood === undefined) {
    return yield* new RollbackFailed({
      ...describe(attempt, failure),
      rollbackCause: "no earlier revision is known to be good",
      lastGood: undefined,
    });
  }
  yield* Effect.mapError(
    attempt.lock.check,
    ({ detail }) =>
      new RollbackFailed({
        ...describe(attempt, failure),
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
      ...describe(attempt, failure),
      rollbackCause: redactText(text, carriedSecrets(attempt.installed.carry)),
      lastGood: lastGood.revision,
    });
  }
  return yield* confirmRestored(attempt, failure, lastGood.revision);
});

const settle = Effect.fnUntraced(function* (
  attempt: Attempt,
  revision: number,
  remaining: Duration.Duration,
) {
  const { options, installed } = attempt;
  const dataPlane: DataPlaneOutcome = yield* awaitDataPlane(attempt, remaining);
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
  const failure: Failure = { revision, cause: dataPlane.why };
  if (options.atomic) return yield* rollBack(attempt, failure);
  return yield* new UpgradeLeftInPlace({
    ...describe(attempt, failure),
    lastGood: installed.lastGood?.revision,
  });
});

const conclude = Effect.fnUntraced(function* (
  attempt: Attempt,
  outcome: HelmOutcome,
  remaining: Duration.Duration,
) {
  const { options, installed } = attempt;
  const { release, lastGood } = installed;
  switch (outcome._tag) {
    case "Upgraded":
      return yield* settle(attempt, outcome.revision, remaining);
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
      const failure = { revision: outcome.revision, cause: outcome.reason };
      // Helm takes the newest candidate, which can be a revision that failed before (helm/helm#11435).
      return outcome.restored === lastGood?.revision
        ? yield* confirmRestored(attempt, failure, outcome.restored)
        : yield* rollBack(attempt, failure);
    }
    case "Failed":
    case "Broken": {
      yield* recordGate(attempt, outcome.revision, "failed");
      const failure = { revision: outcome.revision, cause: outcome.reason };
      return options.atomic
        ? yield* rollBack(attempt, failure)
        : yield* new UpgradeLeftInPlace({
            ...describe(attempt, failure),
            lastGood: lastGood?.revision,
          });
    }
  }
});

export const helmUpgrade: Phase<
  HelmUpgradeInput,
  UpgradeResult,
  HelmUpgradeError,
  Helm | Kubectl | ReleaseRecords | Reporter | RolloutGate
> = {
  id: "helm-upgrade",
  title: "Helm upgrade",
  run: Effect.fnUntraced(function* ({ options, identity, installed, lock }) {
    const before = yield* requireUnchanged(installed);
    const attempt: Attempt = { options, installed, before, lock };
    yield* Effect.mapError(lock.check, ({ detail }) => new RunSuperseded({ detail }));
    yield* applyIdentity(identity, installed.release);
    yield* recordGate(attempt, nextRevision(before), "running");
    const startedAt = yield* Clock.currentTimeMillis;
    yield* report({
      _tag: "HelmUpgradeStarted",
      release: installed.release,
      chartVersion: installed.chart.version,
      timeout: formatGoDuration(options.timeout),
      atomic: options.atomic,
    });
    const outcome = yield* runHelm(attempt);
    const elapsed = Duration.millis((yield* Clock.currentTimeMillis) - startedAt);
    const remaining = Duration.subtract(options.timeout, elapsed);
    return yield* conclude(attempt, outcome, remaining);
  }),
};
