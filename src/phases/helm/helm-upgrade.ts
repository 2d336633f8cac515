import { Clock, Duration, Effect } from "effect";
import type { Identity } from "../../domain/identity/identity.ts";
import type { PriorState } from "../../domain/rollout/baseline/prior-state.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import type {
  ClusterUnavailable,
  OperationInProgress,
  ReleaseVanished,
  RollbackFailed,
  RunSuperseded,
  UpgradeLeftInPlace,
  UpgradeNotStarted,
  UpgradeRolledBack,
} from "../../errors.ts";
import type { Phase } from "../../pipeline.ts";
import type { Helm } from "../../services/helm/Helm.ts";
import type { ProxyHold } from "../../services/hold/ProxyHold.ts";
import type { Kubectl } from "../../services/kube/Kubectl.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import type { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { type Reporter, report } from "../../services/report/Reporter.ts";
import type { FailureReports } from "../../services/rollout/FailureReports.ts";
import type { RolloutGate } from "../../services/rollout/RolloutGate.ts";
import { keepingScales } from "../fields/keep-scales.ts";
import { type TakeBack, takeBack } from "../fields/take-back.ts";
import { underIdentity } from "../identity/apply-identity.ts";
import type { InstalledRelease } from "../release/installed-release.ts";
import { followRollout, keepDiagnosis } from "../rollout/rollout.ts";
import type { FollowedStreams } from "../streams/follow.ts";
import { lengthenDrains } from "../streams/lengthen-drain.ts";
import { announceHelm, nextRevision, recordGate, type UpgradeAttempt } from "./attempt.ts";
import { conclude } from "./conclude.ts";
import { withInterruption } from "./interruption.ts";
import { mayWrite, requireUnchanged } from "./require-unchanged.ts";
import { runHelm } from "./run-helm.ts";
import { supersedeStale } from "./stale-deployed.ts";

export interface HelmUpgradeInput {
  readonly options: UpgradeOptions;
  readonly identity: Identity;
  readonly installed: InstalledRelease;
  readonly lock: HeldLock;
  readonly streams: FollowedStreams;
  readonly prior: PriorState | undefined;
  /** Objects with parts that the chart's own cannot be beside. */
  readonly takeBack?: ReadonlyArray<TakeBack>;
}

export interface UpgradeResult {
  readonly revision: number;
  readonly fromVersion: string;
  readonly toVersion: string;
  /** `NotWaited` where the run was told not to look. */
  readonly dataPlane: "Settled" | "Absent" | "NotWaited";
  /** Where a later rollback should go; `undefined` when no earlier revision is known to be good. */
  readonly rollbackRevision: number | undefined;
  /** What the chart has to say of the revision, fit to be shown. */
  readonly notes: string | undefined;
  /** It is applied by the server, which refuses to change what others own by then. */
  readonly rollbackTakesOver: boolean;
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

/** Who interrupts a run wants it stopped: with the release as it was, there is nothing to report but that. */
const unlessInterrupted =
  ({ interruption }: UpgradeAttempt) =>
  <E>(error: E): Effect.Effect<never, E> =>
    Effect.flatMap(interruption.happened, (interrupted) =>
      interrupted ? Effect.interrupt : Effect.fail(error),
    );

/** Said however the attempt ended: what was cut is cut. */
const reportStreams = ({ outcome }: FollowedStreams) =>
  Effect.flatMap(outcome, (counted) =>
    counted === undefined ? Effect.void : report({ _tag: "StreamsCounted", outcome: counted }),
  );

const attemptUpgrade = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  objects: ReadonlyArray<TakeBack>,
) {
  const { options, before } = attempt;
  yield* lengthenDrains(attempt);
  if (yield* attempt.interruption.happened) return yield* Effect.interrupt;
  yield* recordGate(attempt, nextRevision(before), "running");
  yield* Effect.tapError(mayWrite(attempt.lock), () =>
    recordGate(attempt, nextRevision(before), "not-started"),
  );
  const startedAt = yield* Clock.currentTimeMillis;
  yield* announceHelm(attempt);
  yield* takeBack(objects);
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
  FailureReports | Helm | Kubectl | ProxyHold | ReleaseRecords | Reporter | RolloutGate
> = {
  id: "helm-upgrade",
  title: "Helm upgrade",
  run: Effect.fnUntraced(function* (input) {
    const { options, identity, installed: discovered, lock, streams, prior } = input;
    const { before, installed } = yield* requireUnchanged(discovered);
    yield* mayWrite(lock);
    yield* supersedeStale(installed.release, before);
    return yield* withInterruption((interruption) =>
      Effect.ensuring(
        attemptUpgrade(
          { options, installed, before, lock, interruption, streams, prior },
          input.takeBack ?? [],
        ).pipe(keepingScales(installed.release, installed.lastGood?.revision, installed.scaled)),
        reportStreams(streams),
      ),
    ).pipe(underIdentity({ identity, installed, lock }));
  }),
};
