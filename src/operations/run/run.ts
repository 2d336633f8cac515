/** One run of an operation on a release. */
import { Clock, Duration, Effect, Random } from "effect";
import type { Identity } from "../../domain/identity/identity.ts";
import { type History, lastRevision } from "../../domain/release/release.ts";
import { type KnownRevision, note } from "../../domain/release/revision-identity.ts";
import { UPGRADE, type WritingOperation } from "../../domain/run/operation.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { RunJournal } from "../../services/run/RunJournal.ts";
import { CLI_VERSION } from "../../version.ts";

export interface UpgradeRun {
  readonly operation: WritingOperation;
  readonly options: UpgradeOptions;
  readonly identity: Identity;
  /** Of this run alone. */
  readonly runId: string;
}

export const beginRun = Effect.fnUntraced(function* (
  options: UpgradeOptions,
  identity: Identity,
  operation: WritingOperation = UPGRADE,
) {
  const startedAt = yield* Clock.currentTimeMillis;
  const runId = `${startedAt}-${yield* Random.nextInt}-${yield* Random.nextInt}`;
  return { operation, options, identity, runId } satisfies UpgradeRun as UpgradeRun;
});

interface Journey {
  readonly history: History;
  readonly fromVersion: string;
  readonly toVersion: string;
  /** The newest revision that an earlier run found, where this one finishes what that began. */
  readonly base?: KnownRevision | undefined;
}

/** With the lock in hand: the journal of the release is now this run's. */
export const openJournal = Effect.fnUntraced(function* (
  { operation, options, identity, runId }: UpgradeRun,
  { history, fromVersion, toVersion, base = lastRevision(history) }: Journey,
) {
  const journals = yield* RunJournal;
  const baseUpdated = note(base)?.updated;
  return yield* journals.open({
    runId,
    operation: operation.event,
    release: options.release,
    cliVersion: CLI_VERSION,
    workspaceId: identity.workspaceId,
    fromVersion,
    toVersion,
    timeoutSeconds: Duration.toSeconds(options.timeout),
    baseRevision: base?.revision ?? 0,
    ...(baseUpdated === undefined ? {} : { baseUpdated }),
  });
});
