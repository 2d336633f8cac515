import { Clock, Effect } from "effect";
import type { EventBrief } from "../../domain/doctor-report.ts";
import type { Identity } from "../../domain/identity.ts";
import { eventId, eventObjectName, type InstallEvent } from "../../domain/install-event.ts";
import type { OutboxEntry } from "../../domain/outbox-entry.ts";
import { isReported, missingEvents } from "../../domain/reconcile.ts";
import { hasDone, type RunRecord } from "../../domain/run-journal.ts";
import { EventOutbox } from "../../services/EventOutbox.ts";
import { ReleaseRecords, type RevisionLabel } from "../../services/ReleaseRecords.ts";
import { RunJournal } from "../../services/RunJournal.ts";
import { CLI_VERSION } from "../../version.ts";
import type { DoctorOptions } from "./options.ts";
import { whileQuiet } from "./quiet.ts";

export interface Reconciliation {
  readonly added: ReadonlyArray<InstallEvent>;
  readonly leftAlone: string | undefined;
}

const NOTHING: Reconciliation = { added: [], leftAlone: undefined };

export const briefOf = (event: InstallEvent): EventBrief => ({
  name: eventObjectName(event),
  operation: event.operation,
  revision: event.helm_revision,
});

/** It died, and neither it nor anybody else told of it. */
const owesRow = (
  { release }: DoctorOptions,
  journal: RunRecord | undefined,
  labels: ReadonlyArray<RevisionLabel>,
  reported: ReadonlySet<string>,
): boolean => {
  if (journal === undefined || journal.ended !== undefined || hasDone(journal, "event")) {
    return false;
  }
  const ofRun = eventId(release, { _tag: "Run", runId: journal.runId }, "upgrade");
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

/** Writes the rows that nobody wrote. A revision that somebody works on is left alone until the next tick. */
export const reconcile = Effect.fn("tare.doctor.reconcile")(function* (
  options: DoctorOptions,
  identity: Identity,
  entries: ReadonlyArray<OutboxEntry>,
  labels: ReadonlyArray<RevisionLabel>,
) {
  const { release, staleAfter, dryRun } = options;
  const [journals, outbox] = yield* Effect.all([RunJournal, EventOutbox]);
  const reported = new Set(entries.flatMap(({ eventId: id }) => id ?? []));
  const journal = yield* journals.latest(release);
  const complete =
    labels.every((label) => isReported(release, label, reported)) &&
    !owesRow(options, journal, labels, reported);
  if (complete) return NOTHING;
  const seen = yield* whileQuiet(release, readState(options));
  if (seen._tag === "AtWork") return { added: [], leftAlone: seen.why } as Reconciliation;
  const missing = missingEvents(seen.value, {
    reported,
    staleAfter,
    nowMillis: yield* Clock.currentTimeMillis,
    cliVersion: CLI_VERSION,
    workspaceId: identity.workspaceId,
  });
  if (dryRun) return { added: missing, leftAlone: undefined } as Reconciliation;
  const added: Array<InstallEvent> = [];
  for (const event of missing) if (yield* outbox.add(event)) added.push(event);
  return { added, leftAlone: undefined } as Reconciliation;
});
