/** The event of an attempt: its row of the deployment history, however it ended. */
import { Clock, Effect, Exit } from "effect";
import { type FailureCause, said } from "../../domain/events/failure-cause.ts";
import type { EventSubject } from "../../domain/events/install-event.ts";
import { actorOf } from "../../domain/processes/actor.ts";
import { type History, lastRevision } from "../../domain/release/release.ts";
import { identityOf } from "../../domain/release/revision-identity.ts";
import type { WritingOperation } from "../../domain/run/operation.ts";
import type { InstalledRelease } from "../../phases/release/installed-release.ts";
import type { FollowedStreams } from "../../phases/streams/follow.ts";
import { EventOutbox } from "../../services/events/EventOutbox.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { ProcessTable } from "../../services/processes/ProcessTable.ts";
import { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { warn } from "../../services/report/Reporter.ts";
import type { OpenJournal } from "../../services/run/RunJournal.ts";
import { CLI_VERSION } from "../../version.ts";
import { installEvent } from "../../words/events/install-event.ts";
import type { UpgradeRun } from "./run.ts";

/** Writing the event must never hold up the end of a run for longer. */
const EVENT_BUDGET = "10 seconds";

/** What an attempt can fail with. Of those that know the revision they failed with, the event is about that revision. */
export interface AttemptError {
  readonly _tag: string;
  readonly message: string;
  readonly why?: ReadonlyArray<string>;
  readonly failedRevision?: number | undefined;
}

/** What an attempt that succeeded came to. */
export interface AttemptResult {
  readonly revision: number;
}

type AttemptExit = Exit.Exit<AttemptResult, AttemptError>;

interface Attempted {
  readonly run: UpgradeRun;
  readonly installed: InstalledRelease;
  readonly journal: OpenJournal;
  readonly streams: FollowedStreams;
}

interface EndedAttempt extends Attempted {
  readonly exit: AttemptExit;
  readonly startedAt: number;
}

const errorOf = (exit: AttemptExit): AttemptError | undefined => {
  const error = Exit.findErrorOption(exit);
  return error._tag === "Some" ? error.value : undefined;
};

const failureOf = (exit: AttemptExit): { readonly cause: FailureCause; readonly code: string } => {
  const error = errorOf(exit);
  if (error !== undefined) {
    return { cause: said(error.why?.join("; ") ?? error.message), code: error._tag };
  }
  const code = Exit.hasInterrupts(exit) ? "Interrupted" : "InternalError";
  return { cause: { _tag: code }, code };
};

/** One word, for the journal. */
export const outcomeOf = ({ done }: WritingOperation, exit: AttemptExit): string =>
  Exit.isSuccess(exit) ? done : failureOf(exit).code;

/** The first revision that came after those that were discovered: an interrupted run cannot tell otherwise. */
const firstAfter = ({ history }: InstalledRelease, now: History): number | undefined => {
  const newest = lastRevision(history)?.revision ?? 0;
  return now.find(({ revision }) => revision > newest)?.revision;
};

/** The revision Helm wrote, if any: when it was begun makes the event's id the same in every report of it. */
const subjectOf = Effect.fnUntraced(function* ({ exit, installed, run }: EndedAttempt) {
  const error = errorOf(exit);
  const [helm, records] = yield* Effect.all([Helm, ReleaseRecords]);
  const now = yield* Effect.orElseSucceed(helm.history(installed.release), (): History => []);
  const revision = Exit.isSuccess(exit)
    ? exit.value.revision
    : error === undefined
      ? firstAfter(installed, now)
      : error.failedRevision;
  const uids = yield* Effect.orElseSucceed(
    records.secretUids(installed.release),
    () => new Map<number, string>(),
  );
  const identity = identityOf(
    now.find((one) => one.revision === revision),
    uids,
  );
  const subject: EventSubject =
    revision === undefined || identity === undefined
      ? { _tag: "Run", runId: run.runId }
      : { _tag: "Revision", revision, identity };
  return { subject, recordUid: revision === undefined ? undefined : uids.get(revision) };
});

const writeEvent = Effect.fnUntraced(function* (ended: EndedAttempt) {
  const { exit, installed, run, startedAt, streams } = ended;
  const outcome = yield* streams.outcome;
  const [outbox, { self }] = yield* Effect.all([EventOutbox, ProcessTable]);
  const { subject, recordUid } = yield* subjectOf(ended);
  yield* outbox.write(
    installEvent({
      actor: actorOf(self),
      release: installed.release,
      subject,
      operation: run.operation.event,
      outcome: Exit.isSuccess(exit)
        ? { status: "success" }
        : { status: "failed", ...failureOf(exit) },
      fromVersion: installed.fromVersion,
      toVersion: installed.chart.version,
      startedAt: new Date(startedAt),
      finishedAt: new Date(yield* Clock.currentTimeMillis),
      cliVersion: CLI_VERSION,
      workspaceId: run.identity.workspaceId,
      source: "cli",
      ...(outcome?._tag === "Counted" ? { streams: outcome.tally } : {}),
    }),
    recordUid,
  );
});

/** An event that cannot be written never fails the attempt. */
export const withEvent =
  (attempted: Attempted) =>
  <A extends AttemptResult, E extends AttemptError, R>(attempt: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const startedAt = yield* Clock.currentTimeMillis;
      const { journal } = attempted;
      return yield* Effect.onExit(attempt, (exit) =>
        writeEvent({ exit, startedAt, ...attempted }).pipe(
          Effect.timeout(EVENT_BUDGET),
          Effect.andThen(journal.done("event")),
          Effect.catch((error) => warn({ code: "event-not-written", cause: error.message })),
        ),
      );
    });
