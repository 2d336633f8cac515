import { Duration, Effect } from "effect";
import type { ProxyTemplate } from "../../domain/data-plane.ts";
import type { GateRecord } from "../../domain/gate-record.ts";
import { type History, lastRevision, type ReleaseRef } from "../../domain/release.ts";
import type { UpgradeOptions } from "../../domain/upgrade-options.ts";
import { Helm } from "../../services/Helm.ts";
import type { HeldLock } from "../../services/ReleaseLock.ts";
import { ReleaseRecords } from "../../services/ReleaseRecords.ts";
import { Reporter, warn } from "../../services/Reporter.ts";
import { RolloutGate } from "../../services/RolloutGate.ts";
import type { InstalledRelease } from "../discover.ts";
import type { Interruption } from "./interruption.ts";

/** What every later step of one attempt needs to know. */
export interface UpgradeAttempt {
  readonly options: UpgradeOptions;
  readonly installed: InstalledRelease;
  readonly before: History;
  readonly lock: HeldLock;
  readonly interruption: Interruption;
}

export const recordGate = Effect.fnUntraced(function* (
  { installed, before }: UpgradeAttempt,
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

export const awaitDataPlane = Effect.fnUntraced(function* (
  { options }: UpgradeAttempt,
  budget: Duration.Duration,
  template?: ProxyTemplate,
) {
  const [gate, reporter] = yield* Effect.all([RolloutGate, Reporter]);
  return yield* gate.await({
    systemNamespace: options.release.namespace,
    dataplaneNamespace: options.dataplaneNamespace,
    budget: Duration.max(budget, options.settleTime),
    settleTime: options.settleTime,
    template,
    onProgress: (deployments) => reporter.report({ _tag: "DataPlaneProgress", deployments }),
  });
});

/** The number Helm will give to the next revision it writes. */
export const nextRevision = (history: History): number =>
  (lastRevision(history)?.revision ?? 0) + 1;

export const readHistory = Effect.fnUntraced(function* (release: ReleaseRef) {
  const helm = yield* Helm;
  return yield* helm.history(release);
});

/** Why the revision that was attempted did not make it. */
export interface AttemptFailure {
  readonly revision: number;
  readonly cause: string;
}

/** The fields that every error about a failed attempt has. */
export const describeFailure = (attempt: UpgradeAttempt, { revision, cause }: AttemptFailure) => ({
  release: attempt.installed.release,
  dataplaneNamespace: attempt.options.dataplaneNamespace,
  failedRevision: revision,
  cause,
});
