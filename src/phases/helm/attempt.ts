import { Effect, Schedule } from "effect";
import type { GateRecord } from "../../domain/release/gate-record.ts";
import { type History, lastRevision, type ReleaseRef } from "../../domain/release/release.ts";
import { note } from "../../domain/release/revision-identity.ts";
import type { PriorState } from "../../domain/rollout/baseline/prior-state.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";
import { Helm } from "../../services/helm/Helm.ts";
import type { HeldLock, LockLost } from "../../services/lock/ReleaseLock.ts";
import { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { report, warn } from "../../services/report/Reporter.ts";
import type { InstalledRelease } from "../release/installed-release.ts";
import type { FollowedStreams } from "../streams/follow.ts";
import type { Interruption } from "./interruption.ts";

/** What it takes to bring a release back to its last good revision. */
export interface Restoration {
  readonly options: UpgradeOptions;
  readonly installed: Pick<InstalledRelease, "release" | "lastGood" | "scaled" | "secrets">;
  readonly lock: HeldLock;
  /** How everything was before the run wrote anything; `undefined` where that could not be read. */
  readonly prior: PriorState | undefined;
}

/** What every later step of one attempt needs to know. */
export interface UpgradeAttempt extends Restoration {
  readonly installed: InstalledRelease;
  readonly before: History;
  readonly interruption: Interruption;
  /** Helm, and the gate after it, wait for what comes up; the default. */
  readonly waits?: boolean;
  readonly streams: FollowedStreams;
}

export const recordGate = Effect.fnUntraced(function* (
  { installed, before }: UpgradeAttempt,
  revision: number,
  state: GateRecord["state"] | "not-started",
) {
  const records = yield* ReleaseRecords;
  const newest = lastRevision(before);
  const base = note(newest);
  const baseUid = newest === undefined ? undefined : installed.secretUids.get(newest.revision);
  const keep = new Set([...before.map((one) => one.revision), revision]);
  yield* records
    .recordGate(
      installed.release,
      revision,
      state === "not-started"
        ? undefined
        : {
            state,
            ...(base === undefined ? {} : { base }),
            ...(baseUid === undefined ? {} : { baseUid }),
          },
      keep,
    )
    .pipe(
      // Applying it twice is applying it once; a verdict that is not kept would be held against the revision.
      Effect.retry({ schedule: Schedule.spaced("2 seconds"), times: 5 }),
      Effect.catch(({ message }) => warn({ code: "gate-not-recorded", cause: message })),
    );
});

/** The number Helm will give to the next revision it writes. */
export const nextRevision = (history: History): number =>
  (lastRevision(history)?.revision ?? 0) + 1;

export const readHistory = Effect.fnUntraced(function* (release: ReleaseRef) {
  const helm = yield* Helm;
  return yield* helm.history(release);
});

/**
 * For reads that decide what to do with the release: an API server that is away for a moment, as they are around
 * upgrades, must not be taken for a failed upgrade.
 */
export const untilAnswered = <A, E, R>(read: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(read, { schedule: Schedule.spaced("3 seconds"), times: 30 });

/**
 * Fails when the lock is another's. One that could not be renewed while the server was away is asked about until it
 * answers: a run that has begun to change the release leaves it half changed if it gives up for that.
 */
export const keepLock = ({ lock }: Pick<Restoration, "lock">): Effect.Effect<void, LockLost> =>
  Effect.retry(lock.check, {
    while: ({ reason }) => reason === "Unrenewed",
    schedule: Schedule.spaced("3 seconds"),
    times: 30,
  });

/** Whether the server applies the release, as one of these revisions says; a record that cannot be read says nothing. */
export const isServerSide = Effect.fnUntraced(function* (
  release: ReleaseRef,
  revisions: ReadonlyArray<number>,
) {
  const helm = yield* Helm;
  const methods = yield* Effect.forEach(revisions, (revision) =>
    Effect.orElseSucceed(untilAnswered(helm.applyMethod(release, revision)), () => "client"),
  );
  return methods.includes("server");
});

/** Whether a manual rollback needs the flag that changes what others own; asked once, for a hint. */
export const takesOverAt = Effect.fnUntraced(function* (
  release: ReleaseRef,
  revision: number | undefined,
) {
  if (revision === undefined) return false;
  const helm = yield* Helm;
  const method = yield* Effect.orElseSucceed(helm.applyMethod(release, revision), () => "client");
  return method === "server";
});

/** Why the revision that was attempted did not make it. */
export interface AttemptFailure {
  readonly revision: number;
  readonly cause: string;
  /** Set when the cause is an image that does not exist. */
  readonly missingImage: string | undefined;
}

/** The fields that every error about a failed attempt has. */
export const describeFailure = (
  attempt: Restoration,
  { revision, cause, missingImage }: AttemptFailure,
) => ({
  release: attempt.installed.release,
  dataplaneNamespace: attempt.options.dataplaneNamespace,
  failedRevision: revision,
  cause,
  missingImage,
});

/** Right before Helm is started. */
export const announceHelm = ({
  installed,
  options,
  waits = true,
}: Pick<UpgradeAttempt, "installed" | "options" | "waits">) =>
  report({
    _tag: "HelmUpgradeStarted",
    release: installed.release,
    chartVersion: installed.chart.version,
    timeout: formatGoDuration(options.timeout),
    atomic: options.atomic && waits,
    waits,
  });
