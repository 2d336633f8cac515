import { Clock, Effect, Option, Result, Schema } from "effect";
import type { EventBrief, LeftAlone } from "../../domain/events/doctor-report.ts";
import { eventId, eventObjectName, InstallEvent } from "../../domain/events/install-event.ts";
import { eventText, type OutboxEntry } from "../../domain/events/outbox-entry.ts";
import {
  eventIdsOf,
  isReported,
  missingRows,
  subjectOf,
  tellsOf,
} from "../../domain/events/reconcile.ts";
import type { RecordedRevision } from "../../domain/events/recorded-revision.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { journaledOperation } from "../../domain/run/operation.ts";
import { hasDone, type RunRecord } from "../../domain/run/run-journal.ts";
import { EventOutbox } from "../../services/events/EventOutbox.ts";
import { ReleaseRecords, type RevisionLabel } from "../../services/release/ReleaseRecords.ts";
import { RunJournal } from "../../services/run/RunJournal.ts";
import { CLI_VERSION } from "../../version.ts";
import { installEvent } from "../../words/events/install-event.ts";
import type { DoctorOptions } from "./options.ts";
import { whileQuiet } from "./quiet.ts";

interface Reconciliation {
  readonly added: ReadonlyArray<InstallEvent>;
  /** Events that were written before Helm's records were restored from a backup, and are about them still. */
  readonly adopted: number;
  readonly leftAlone: LeftAlone | undefined;
}

const NOTHING: Reconciliation = { added: [], adopted: 0, leftAlone: undefined };

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(InstallEvent));

/**
 * Restored from a backup, the records have other UIDs. The events about them are found by when Helm began a revision, and
 * noted to be about the records that are there now, so that the next tick need not read those.
 */
const adopt = Effect.fnUntraced(function* (
  release: ReleaseRef,
  entries: ReadonlyArray<OutboxEntry>,
  revisions: ReadonlyArray<RecordedRevision>,
  dryRun: boolean,
) {
  const outbox = yield* EventOutbox;
  const adopted = new Set<string>();
  for (const revision of revisions) {
    const known = eventIdsOf(release, [{ revision: revision.revision, uid: revision.uid }]);
    const candidates = entries.filter((one) => one.revision === revision.revision);
    if (candidates.some(({ ids }) => ids.some((id) => known.has(id)))) continue;
    for (const entry of candidates) {
      const found = yield* outbox.read(entry);
      if (Option.isNone(found)) continue;
      const event = decode(eventText(found.value));
      if (Result.isFailure(event) || !tellsOf(event.success, revision)) continue;
      adopted.add(eventId(release, subjectOf(revision), event.success.operation));
      if (!dryRun) yield* outbox.adopt(found.value, revision.uid);
    }
  }
  return adopted;
});

export const briefOf = (event: InstallEvent): EventBrief => ({
  name: eventObjectName(event),
  operation: event.operation,
  revision: event.helm_revision,
});

/** It died, and no run recorded it. */
const owesRow = (
  { release }: DoctorOptions,
  journal: RunRecord | undefined,
  labels: ReadonlyArray<RevisionLabel>,
  reported: ReadonlySet<string>,
): boolean => {
  if (journal === undefined || journal.ended !== undefined || hasDone(journal, "event")) {
    return false;
  }
  const ofRun = eventId(
    release,
    { _tag: "Run", runId: journal.runId },
    journaledOperation(journal.operation).event,
  );
  const ofRevision = labels.some(
    (label) => label.revision > journal.baseRevision && isReported(release, label, reported),
  );
  return !reported.has(ofRun) && !ofRevision;
};

const readState = Effect.fnUntraced(function* ({ release }: DoctorOptions) {
  const [records, journals] = yield* Effect.all([ReleaseRecords, RunJournal]);
  return {
    release,
    revisions: yield* records.revisions(release),
    gates: yield* records.gateRecords(release),
    journal: yield* journals.latest(release),
  };
});

/** Writes the rows that are missing. A revision that a run works on is left alone until the next tick. */
export const reconcile = Effect.fn("tare.doctor.reconcile")(function* (
  options: DoctorOptions,
  identity: Identity,
  entries: ReadonlyArray<OutboxEntry>,
  labels: ReadonlyArray<RevisionLabel>,
) {
  const { release, staleAfter, dryRun } = options;
  const [journals, outbox] = yield* Effect.all([RunJournal, EventOutbox]);
  const reported = new Set(entries.flatMap(({ ids }) => ids));
  const journal = yield* journals.latest(release);
  const complete =
    labels.every((label) => isReported(release, label, reported)) &&
    !owesRow(options, journal, labels, reported);
  if (complete) return NOTHING;
  const seen = yield* whileQuiet(release, readState(options));
  if (seen._tag === "AtWork") return { ...NOTHING, leftAlone: seen.why };
  const { revisions } = seen.value;
  const adopted = yield* adopt(release, entries, revisions, dryRun);
  const rows = missingRows(seen.value, {
    reported: new Set([...reported, ...adopted]),
    staleAfter,
    nowMillis: yield* Clock.currentTimeMillis,
    cliVersion: CLI_VERSION,
    workspaceId: identity.workspaceId,
  });
  const missing = rows.map(installEvent);
  const result: Reconciliation = { added: missing, adopted: adopted.size, leftAlone: undefined };
  if (dryRun) return result;
  const uids = new Map(revisions.map(({ revision, uid }) => [revision, uid]));
  const added: Array<InstallEvent> = [];
  for (const event of missing) {
    if (yield* outbox.add(event, uids.get(event.helm_revision ?? 0))) added.push(event);
  }
  return { ...result, added };
});
