/** The timeline of a release: what Helm recorded and what was told of it. It only reads, and needs no Helm. */
import { Clock, Effect, Option, Result, Schema } from "effect";
import { InstallEvent } from "./domain/install-event.ts";
import { Lease } from "./domain/kube.ts";
import { leaseName, leaseState } from "./domain/lease.ts";
import { eventText, type OutboxEntry } from "./domain/outbox-entry.ts";
import { STALE_AFTER } from "./domain/reconcile.ts";
import type { ReleaseRef } from "./domain/release.ts";
import { type ToldEvent, timeline } from "./domain/timeline.ts";
import { ClusterUnavailable, ReleaseNotFound } from "./errors.ts";
import { EventOutbox } from "./services/EventOutbox.ts";
import { Kubectl } from "./services/Kubectl.ts";
import { ReleaseRecords } from "./services/ReleaseRecords.ts";
import { report, warn } from "./services/Reporter.ts";

const READS_AT_ONCE = 8;

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(InstallEvent));

/** An entry that cannot be read is nobody's row. */
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

const isAtWork = Effect.fnUntraced(function* (release: ReleaseRef) {
  const kubectl = yield* Kubectl;
  const { namespace } = release;
  const lease = yield* kubectl.get({ type: Lease, name: leaseName(release), namespace });
  return Option.exists(lease, (held) => leaseState(held) !== undefined);
});

/** What is nice to know, and the history can be told without. */
const orWarn = <A, E extends { readonly message: string }, R>(
  read: Effect.Effect<A, E, R>,
  without: A,
) =>
  Effect.catch(read, ({ message }) =>
    Effect.as(warn(`the history is told without what could not be read: ${message}`), without),
  );

export const history = Effect.fn("tare.history")(function* (release: ReleaseRef) {
  const records = yield* ReleaseRecords;
  const revisions = yield* Effect.mapError(
    records.revisions(release),
    ({ message }) =>
      new ClusterUnavailable({ doing: "read the release's history", detail: message }),
  );
  const events = yield* orWarn(readEvents(release), []);
  if (revisions.length === 0 && events.length === 0) {
    return yield* new ReleaseNotFound({ release, elsewhere: [] });
  }
  const gates = yield* orWarn(records.gateRecords(release), new Map());
  const rows = timeline({ release, revisions, gates, journal: undefined }, events, {
    nowMillis: yield* Clock.currentTimeMillis,
    staleAfter: STALE_AFTER,
    atWork: yield* orWarn(isAtWork(release), false),
  });
  yield* report({ _tag: "HistoryRead", release, rows });
  return rows;
});
