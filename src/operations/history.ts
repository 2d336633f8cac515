/** The timeline of a release: what Helm recorded and what was reported. It only reads, and needs no Helm. */
import { Clock, Effect, Option, Result, Schema } from "effect";
import { InstallEvent } from "../domain/events/install-event.ts";
import { eventText, type OutboxEntry } from "../domain/events/outbox-entry.ts";
import { STALE_AFTER } from "../domain/events/reconcile.ts";
import {
  type ToldEvent,
  timeline,
  unfinishedRevision,
  type Worker,
} from "../domain/events/timeline.ts";
import { actorOf } from "../domain/processes/actor.ts";
import type { ReleaseRef } from "../domain/release/release.ts";
import type { RunRecord } from "../domain/run/run-journal.ts";
import { ClusterUnavailable, ReleaseNotFound } from "../errors.ts";
import { lookAtLock, watchHolder } from "../phases/lock/lock-holder.ts";
import { findUnrecorded, requireRecordsInCluster } from "../phases/release/unrecorded.ts";
import { EventOutbox } from "../services/events/EventOutbox.ts";
import { ReleaseRecords } from "../services/release/ReleaseRecords.ts";
import { report, warn } from "../services/report/Reporter.ts";
import { RunJournal } from "../services/run/RunJournal.ts";
import { helmsHere } from "./run/wait-for-helm.ts";

const READS_AT_ONCE = 8;

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(InstallEvent));

/** An entry that cannot be read makes no row. */
const readEvent = Effect.fnUntraced(function* (entry: OutboxEntry, release: ReleaseRef) {
  const outbox = yield* EventOutbox;
  const found = yield* outbox.read(entry);
  const event = Option.match(found, {
    onNone: () => undefined,
    onSome: (configMap) => decode(eventText(configMap)),
  });
  if (event === undefined || Result.isFailure(event)) return [];
  const { release: name, namespace } = event.success;
  const ours = name === release.name && namespace === release.namespace;
  return ours ? [{ event: event.success, delivery: entry.delivery } satisfies ToldEvent] : [];
});

const readEvents = Effect.fnUntraced(function* (release: ReleaseRef) {
  const outbox = yield* EventOutbox;
  const entries = yield* outbox.entries(release);
  const read = yield* Effect.forEach(entries, (entry) => readEvent(entry, release), {
    concurrency: READS_AT_ONCE,
  });
  return read.flat();
});

const NO_WORKER: Worker = { _tag: "None" };
const ALIVE: Worker = { _tag: "Alive" };

/** The run that made the revision and has not ended, as far as it was written down. */
const runOf = Effect.fnUntraced(function* (release: ReleaseRef, revision: number) {
  const run = yield* Effect.flatMap(RunJournal, (journals) => journals.latest(release));
  return run?.ended === undefined && (run?.baseRevision ?? revision) < revision ? run : undefined;
});

/** Looks as long as it takes to be sure: a heartbeat is seen within seconds, the lack of one within the lease's duration. */
const whoIsAtWork = Effect.fnUntraced(function* (release: ReleaseRef, run: RunRecord | undefined) {
  if ((yield* helmsHere(release)).length > 0) return ALIVE;
  const seen = yield* lookAtLock(release);
  if (seen._tag === "Free") return NO_WORKER;
  if (seen.fate === "unknown") {
    yield* warn({ code: "holder-watched", holder: seen.holder, atMost: seen.duration });
  }
  const last = yield* watchHolder(release, seen);
  if (last === undefined) return ALIVE;
  if (last._tag === "Free") return NO_WORKER;
  return { _tag: "Dead", run } satisfies Worker;
});

/** Nice to know: the history is complete without it. */
const orWarn = <A, E extends { readonly message: string }, R>(
  read: Effect.Effect<A, E, R>,
  without: A,
) =>
  Effect.catch(read, ({ message }) =>
    Effect.as(warn({ code: "history-incomplete", cause: message }), without),
  );

interface HistoryOptions {
  /** How many rows, the newest ones; all where it is left out. */
  readonly max?: number | undefined;
}

export const history = Effect.fn("tare.history")(function* (
  release: ReleaseRef,
  { max }: HistoryOptions = {},
) {
  const records = yield* ReleaseRecords;
  yield* requireRecordsInCluster;
  const revisions = yield* Effect.mapError(
    records.revisions(release),
    ({ message }) =>
      new ClusterUnavailable({ doing: "read the release's history", detail: message }),
  );
  const events = yield* orWarn(readEvents(release), []);
  if (revisions.length === 0 && events.length === 0) {
    const unrecorded = yield* findUnrecorded(release);
    return yield* new ReleaseNotFound({ release, elsewhere: [], unrecorded });
  }
  const gates = yield* orWarn(records.gateRecords(release), new Map());
  const state = { release, revisions, gates, journal: undefined };
  const unfinished = unfinishedRevision(state)?.revision;
  const run = unfinished === undefined ? undefined : yield* runOf(release, unfinished);
  const worker: Worker =
    unfinished === undefined ? NO_WORKER : yield* orWarn(whoIsAtWork(release, run), NO_WORKER);
  const all = timeline(state, events, {
    nowMillis: yield* Clock.currentTimeMillis,
    staleAfter: STALE_AFTER,
    worker,
    actor: run === undefined ? undefined : actorOf(run.process),
  });
  const rows = max === undefined ? all : all.slice(-max);
  yield* report({ _tag: "HistoryRead", release, rows });
  return rows;
});
