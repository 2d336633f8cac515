/** `helm upgrade --install` where nothing is installed: what fails leaves nothing to go back to. */
import { Clock, Duration, Effect, Redacted, Result } from "effect";
import { type HelmReason, said } from "../../domain/helm/outcome.ts";
import { tellsOfRemoval } from "../../domain/helm/stderr.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import type { InstallOptions } from "../../domain/install/options.ts";
import { installOutcome } from "../../domain/install/outcome.ts";
import type { RemovalTrouble } from "../../domain/install/removal.ts";
import type { ObjectRef } from "../../domain/kube/objects.ts";
import { lastRevision } from "../../domain/release/release.ts";
import type { RenderedRelease } from "../../domain/release/rendered-release.ts";
import type { PriorState } from "../../domain/rollout/baseline/prior-state.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { redactText } from "../../domain/text/redaction.ts";
import {
  InstallLeftInPlace,
  InstallNotStarted,
  InstallRemoved,
  RemovalFailed,
  RunSuperseded,
} from "../../errors.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { report, warn } from "../../services/report/Reporter.ts";
import { describeHelmReason } from "../../words/helm/reasons.ts";
import { describeInstalledMeanwhile, describeRemovalTrouble } from "../../words/install/removal.ts";
import type { TakeBack } from "../fields/take-back.ts";
import {
  type AttemptFailure,
  announceHelm,
  describeFailure,
  keepLock,
  nextRevision,
  readHistory,
  recordGate,
  type UpgradeAttempt,
  untilAnswered,
} from "../helm/attempt.ts";
import { failureOf } from "../helm/conclude.ts";
import { helmUpgrade, type UpgradeResult } from "../helm/helm-upgrade.ts";
import { withInterruption } from "../helm/interruption.ts";
import { mayWrite } from "../helm/require-unchanged.ts";
import { helmErrorText } from "../helm/run-helm.ts";
import { unavailable } from "../kube/unavailable.ts";
import type { InstalledRelease } from "../release/installed-release.ts";
import { followRollout, keepDiagnosis } from "../rollout/rollout.ts";
import { awaitSettled, readNotes } from "../rollout/settle.ts";
import type { FollowedStreams } from "../streams/follow.ts";
import { awaitGone, presentOf, removeRelease } from "./remove.ts";

export interface HelmInstallInput {
  readonly options: InstallOptions;
  readonly identity: Identity;
  readonly installed: InstalledRelease;
  /** What the chart comes to. */
  readonly rendered: Redacted.Redacted<RenderedRelease>;
  readonly lock: HeldLock;
  readonly streams: FollowedStreams;
  readonly prior: PriorState | undefined;
  /** Objects with parts that the chart's own cannot be beside. */
  readonly takeBack?: ReadonlyArray<TakeBack>;
}

/** One attempt, and what has to go when it fails. */
interface FirstAttempt extends UpgradeAttempt {
  readonly rendered: RenderedRelease;
  /** Objects of the chart's hooks that were not there before. */
  readonly hookObjects: ReadonlyArray<ObjectRef>;
}

/** Fails where another process installed it meanwhile. */
const requireStillAbsent = Effect.fnUntraced(function* ({ release, history }: InstalledRelease) {
  const now = yield* Effect.mapError(
    readHistory(release),
    unavailable("read the release again before changing it"),
  );
  const [last, known] = [lastRevision(now), lastRevision(history)];
  if (last?.revision === known?.revision && last?.status === known?.status) return now;
  return yield* new RunSuperseded({
    detail: describeInstalledMeanwhile(release),
  });
});

const removalOf = ({ installed, rendered, hookObjects, options, lock }: FirstAttempt) => ({
  installed,
  lock,
  dataplaneNamespace: options.dataplaneNamespace,
  objects: rendered.objects,
  hookObjects,
  timeout: options.timeout,
});

/** Its record is gone with it, and must not speak for the next installation's. */
const forget = (attempt: FirstAttempt, revision: number) =>
  recordGate(attempt, revision, "not-started");

const afterRemoval = <E extends { readonly why: RemovalTrouble }, R>(
  attempt: FirstAttempt,
  failure: AttemptFailure,
  removing: Effect.Effect<void, E, R>,
) =>
  Effect.matchEffect(removing, {
    onSuccess: () =>
      Effect.andThen(
        forget(attempt, failure.revision),
        Effect.fail(new InstallRemoved(describeFailure(attempt, failure))),
      ),
    onFailure: ({ why }) =>
      Effect.fail(
        new RemovalFailed({
          ...describeFailure(attempt, failure),
          removalCause: describeRemovalTrouble(why),
        }),
      ),
  });

const giveUp = Effect.fnUntraced(function* (attempt: FirstAttempt, failure: AttemptFailure) {
  const { options, installed } = attempt;
  if (!options.atomic) {
    return yield* new InstallLeftInPlace(describeFailure(attempt, failure));
  }
  yield* Effect.catch(keepLock(attempt), ({ detail }) =>
    Effect.fail(new RemovalFailed({ ...describeFailure(attempt, failure), removalCause: detail })),
  );
  yield* report({ _tag: "RemovalStarted", release: installed.release, why: failure.cause });
  return yield* afterRemoval(attempt, failure, removeRelease(removalOf(attempt)));
});

/** Helm quotes values when a template or the schema rejects them. */
const redacted = (reason: HelmReason, secrets: InstalledRelease["secrets"]): HelmReason =>
  reason._tag === "Said" ? said(redactText(reason.text, secrets)) : reason;

/** Nobody looked: it is neither known to be good nor held to be bad, as one that was made by bare Helm. */
const leftToItself = Effect.fnUntraced(function* (attempt: FirstAttempt, revision: number) {
  const { options, installed } = attempt;
  yield* forget(attempt, revision);
  yield* warn({ code: "not-waited-for", namespace: options.dataplaneNamespace });
  return {
    revision,
    fromVersion: installed.fromVersion,
    toVersion: installed.chart.version,
    dataPlane: "NotWaited",
    rollbackRevision: undefined,
    notes: yield* readNotes(attempt, revision),
    rollbackTakesOver: false,
  } satisfies UpgradeResult as UpgradeResult;
});

const concluded = Effect.fnUntraced(function* (attempt: FirstAttempt) {
  const { options, installed, before } = attempt;
  const { release, secrets } = installed;
  const startedAt = yield* Clock.currentTimeMillis;
  const rollout = yield* followRollout(attempt);
  const diagnosis = yield* keepDiagnosis(rollout, options.timeout);
  const errorText = yield* helmErrorText(attempt, rollout);
  const elapsed = Duration.millis((yield* Clock.currentTimeMillis) - startedAt);
  const after = yield* Effect.mapError(
    untilAnswered(readHistory(release)),
    ({ message }) =>
      new RemovalFailed({
        ...describeFailure(attempt, {
          revision: nextRevision(before),
          cause: describeHelmReason(said(redactText(errorText, secrets))),
          missingImage: undefined,
        }),
        removalCause: describeRemovalTrouble({ _tag: "ReleaseUnread", detail: message }),
      }),
  );
  const outcome = installOutcome(before, after, errorText);
  if (outcome._tag === "Installed" && attempt.waits === false) {
    return yield* leftToItself(attempt, outcome.revision);
  }
  if (outcome._tag === "Installed") {
    const remaining = Duration.subtract(options.timeout, elapsed);
    const settled = yield* awaitSettled(attempt, outcome.revision, rollout, remaining);
    return Result.isSuccess(settled) ? settled.success : yield* giveUp(attempt, settled.failure);
  }
  const reason = redacted(outcome.reason, secrets);
  if (outcome._tag === "Failed") {
    const { revision } = outcome;
    yield* recordGate(attempt, revision, "failed");
    return yield* giveUp(
      attempt,
      yield* failureOf(attempt, { revision, reason }, yield* diagnosis),
    );
  }
  const revision = nextRevision(before);
  yield* forget(attempt, revision);
  if (!tellsOfRemoval(errorText))
    return yield* new InstallNotStarted({ release, cause: describeHelmReason(reason) });
  const failure = yield* failureOf(attempt, { revision, reason }, yield* diagnosis);
  return yield* afterRemoval(attempt, failure, awaitGone(removalOf(attempt)));
}, Effect.scoped);

/** An interrupted run that leaves nothing behind reports the interruption, not the failure. */
const unlessInterrupted =
  ({ interruption }: FirstAttempt) =>
  <E>(error: E): Effect.Effect<never, E> =>
    Effect.flatMap(interruption.happened, (interrupted) =>
      interrupted ? Effect.interrupt : Effect.fail(error),
    );

const attemptInstall = Effect.fnUntraced(function* (attempt: FirstAttempt) {
  const revision = nextRevision(attempt.before);
  yield* recordGate(attempt, revision, "running");
  yield* Effect.tapError(mayWrite(attempt.lock), () => forget(attempt, revision));
  yield* announceHelm(attempt);
  const stop = unlessInterrupted(attempt);
  return yield* concluded(attempt).pipe(
    Effect.catchTag("InstallRemoved", (error) => stop(error)),
    Effect.catchTag("InstallNotStarted", (error) => stop(error)),
  );
});

const first = Effect.fnUntraced(function* (input: HelmInstallInput) {
  const { options, installed, lock, streams, prior } = input;
  const rendered = Redacted.value(input.rendered);
  const before = yield* requireStillAbsent(installed);
  const hooks = yield* Effect.mapError(
    presentOf(rendered.hooks, installed.release),
    unavailable("read what the chart's hooks make"),
  );
  yield* mayWrite(lock);
  return yield* withInterruption((interruption) =>
    attemptInstall({
      ...{ options, installed, before, lock, interruption, streams, prior, rendered },
      waits: options.wait,
      hookObjects: hooks.absent,
    }),
  );
});

/** A release that runs keeps its own drain, unless another was asked for: no proxy is replaced for a default of this run. */
export const asItDrains = (options: UpgradeOptions): UpgradeOptions =>
  options.decided.includes("shutdown.drainTimeout")
    ? options
    : { ...options, drainTimeout: Duration.zero };

export const helmInstall = {
  id: "helm-install",
  title: "Helm install",
  run: Effect.fnUntraced(function* (input: HelmInstallInput) {
    return yield* input.installed.deployed === undefined
      ? first(input)
      : helmUpgrade.run({ ...input, options: asItDrains(input.options) });
  }),
};
