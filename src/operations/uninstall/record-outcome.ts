/** The row of an uninstallation: sent before the outbox is deleted, since no doctor is left to send it later. */
import { Clock, Effect, Exit, Schedule } from "effect";
import { said } from "../../domain/events/failure-cause.ts";
import type { EventOutcome, EventSubject } from "../../domain/events/install-event.ts";
import { inOrder } from "../../domain/events/outbox-entry.ts";
import { actorOf } from "../../domain/processes/actor.ts";
import { chartVersion, lastRevision } from "../../domain/release/release.ts";
import { identityOf, type KnownRevision } from "../../domain/release/revision-identity.ts";
import { isUnfinishedUninstall, type RunRecord } from "../../domain/run/run-journal.ts";
import type { ReleaseFacts } from "../../phases/release/read-release.ts";
import { orFailed } from "../../phases/uninstall/delete.ts";
import { EventOutbox } from "../../services/events/EventOutbox.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { ProcessTable } from "../../services/processes/ProcessTable.ts";
import { report, warn } from "../../services/report/Reporter.ts";
import { CLI_VERSION } from "../../version.ts";
import { describeStop } from "../../words/events/doctor.ts";
import { installEvent } from "../../words/events/install-event.ts";
import { forward } from "../doctor/forward.ts";
import type { UpgradeRun } from "../run/run.ts";

const WRITTEN_WITHIN = "10 seconds";

interface UninstalledRevision {
  readonly subject: EventSubject;
  readonly version: string;
  /** The newest revision there was. */
  readonly base: KnownRevision;
}

/** A run that was killed, or failed, after Helm had ended has left its journal, and no record of Helm's. */
const unfinished = (lastRun: RunRecord | undefined): UninstalledRevision | undefined => {
  if (lastRun === undefined || !isUnfinishedUninstall(lastRun)) return undefined;
  const { baseRevision, baseUpdated, baseUid, fromVersion } = lastRun;
  const identity = baseUpdated ?? baseUid;
  return baseRevision > 0 && identity !== undefined
    ? {
        subject: { _tag: "Revision", revision: baseRevision, identity },
        version: fromVersion,
        base: { revision: baseRevision, updated: baseUpdated },
      }
    : undefined;
};

/** What is uninstalled, the same in every run that it takes; `undefined` where Helm had no release any more. */
export const uninstalledRevision = ({
  history,
  secretUids,
  lastRun,
}: ReleaseFacts): UninstalledRevision | undefined => {
  const last = lastRevision(history);
  const identity = identityOf(last, secretUids);
  return last === undefined || identity === undefined
    ? unfinished(lastRun)
    : {
        subject: { _tag: "Revision", revision: last.revision, identity },
        version: chartVersion(last),
        base: last,
      };
};

interface Recording {
  readonly run: UpgradeRun;
  readonly revision: UninstalledRevision | undefined;
  readonly startedAt: number;
}

const write = Effect.fnUntraced(function* (
  { run, revision, startedAt }: Recording,
  outcome: EventOutcome,
) {
  if (revision === undefined) return;
  const [outbox, { self }] = yield* Effect.all([EventOutbox, ProcessTable]);
  yield* outbox.write(
    installEvent({
      actor: actorOf(self),
      release: run.options.release,
      subject: revision.subject,
      operation: "uninstall",
      outcome,
      fromVersion: revision.version,
      toVersion: undefined,
      startedAt: new Date(startedAt),
      finishedAt: new Date(yield* Clock.currentTimeMillis),
      cliVersion: CLI_VERSION,
      workspaceId: run.identity.workspaceId,
      source: "cli",
    }),
  );
});

const failureOf = (
  exit: Exit.Exit<unknown, { readonly _tag: string; readonly message: string }>,
): EventOutcome => {
  const error = Exit.findErrorOption(exit);
  const code = Exit.hasInterrupts(exit) ? "Interrupted" : "InternalError";
  return error._tag === "Some"
    ? {
        status: "failed",
        code: error.value._tag,
        cause: said(error.value.message.replaceAll("\n", "; ")),
      }
    : { status: "failed", code, cause: { _tag: code } };
};

/** Not sent by this run: the release is still there, and its doctor sends it. */
export const recordFailure = (recording: Recording, exit: Parameters<typeof failureOf>[0]) =>
  write(recording, failureOf(exit)).pipe(
    Effect.timeout(WRITTEN_WITHIN),
    Effect.catch(({ message }) => warn({ code: "event-not-written", cause: message })),
  );

/** The run does not continue without its row: nothing would be left to record it from. */
const AGAIN = { schedule: Schedule.spaced("3 seconds"), times: 20 };

/**
 * Writes the row, then sends whatever waits, in its order, and removes what is settled.
 * @returns how many events the management plane has not taken: they stay in the cluster
 */
export const recordSuccess = Effect.fnUntraced(function* (recording: Recording, lock: HeldLock) {
  const { options, identity } = recording.run;
  const { release } = options;
  const known = orFailed(release);
  yield* Effect.mapError(Effect.retry(write(recording, { status: "success" }), AGAIN), known);
  const outbox = yield* EventOutbox;
  const entries = yield* Effect.mapError(outbox.entries(release), known);
  const pending = inOrder(entries, new Map()).filter(({ delivery }) => delivery === "pending");
  const speaker = { release, workspaceId: identity.workspaceId };
  const sent = yield* forward(pending, lock, speaker);
  if (sent.forwarded.length > 0) {
    yield* report({ _tag: "EventsSent", count: sent.forwarded.length });
  }
  if (sent.rejected.length > 0) {
    yield* warn({ code: "events-rejected", count: sent.rejected.length });
  }
  if (sent.kept.length > 0) {
    yield* warn({
      code: "events-wait",
      count: sent.kept.length,
      namespace: release.namespace,
      cause: sent.stoppedBecause === undefined ? undefined : describeStop(sent.stoppedBecause),
    });
  }
  const kept = new Set(sent.kept.map(({ name }) => name));
  const settled = entries.filter(({ name }) => !kept.has(name));
  yield* Effect.mapError(
    Effect.forEach(settled, (entry) => outbox.remove(entry), { discard: true }),
    known,
  );
  return kept.size;
});
