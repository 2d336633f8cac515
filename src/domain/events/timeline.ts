/** The deployment history as an operator wants to see it: Helm's records and the events about them, merged. */
import type { Duration } from "effect";
import type { Actor } from "../processes/actor.ts";
import type { RunRecord } from "../run/run-journal.ts";
import { type FailureCause, said } from "./failure-cause.ts";
import { type InstallEvent, OPERATIONS, type Operation } from "./install-event.ts";
import type { Delivery } from "./outbox-entry.ts";
import {
  endOf,
  eventIdsOf,
  type ReleaseState,
  type RevisionVerdict,
  revisionVerdicts,
  tellsOf,
} from "./reconcile.ts";
import type { RecordedRevision } from "./recorded-revision.ts";

export const ROW_STATUSES = ["success", "failed", "running", "died", "pending"] as const;

/** The state of the lock's holder, or of its Helm, as far as it is known. */
export type Worker =
  | { readonly _tag: "None" }
  | { readonly _tag: "Alive" }
  /** `undefined` where no journal tells whose run it was. */
  | { readonly _tag: "Dead"; readonly run: RunRecord | undefined };

export interface TimelineRow {
  /** Absent for a run that failed before Helm wrote a revision. */
  readonly revision: number | undefined;
  readonly operation: Operation;
  /**
   * `running`: its run is proven to be alive. `died`: that process is gone, or shows no heartbeat any more.
   * `pending`: Helm has not finished it, and no run is known to be at it.
   */
  readonly status: (typeof ROW_STATUSES)[number];
  readonly fromVersion: string | undefined;
  readonly toVersion: string | undefined;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
  /** Absent while it runs, and where no record tells. */
  readonly seconds: number | undefined;
  readonly cause: FailureCause | undefined;
  /** Who started it; absent where no run of tare did, or none recorded it. */
  readonly actor: Actor | undefined;
  /** Absent where no run counted them. */
  readonly streams: InstallEvent["streams"];
  /** What the management plane knows of it. */
  readonly reported: Delivery | "unreported";
}

export interface ToldEvent {
  readonly event: InstallEvent;
  readonly delivery: Delivery;
}

interface TimelineContext {
  readonly nowMillis: number;
  readonly staleAfter: Duration.Duration;
  readonly worker: Worker;
  /** Whose run made the newest revision, while it has no event. */
  readonly actor?: Actor | undefined;
}

const secondsBetween = (from: string, to: string | undefined): number | undefined => {
  const millis = Date.parse(to ?? "") - Date.parse(from);
  return Number.isNaN(millis) ? undefined : Math.max(0, Math.round(millis / 1_000));
};

/** `from` is left out where nothing changed. */
const versions = (from: string | undefined, to: string | undefined) =>
  from === to ? { fromVersion: undefined, toVersion: to } : { fromVersion: from, toVersion: to };

const rowOfEvent = ({ event, delivery }: ToldEvent, verdict?: RevisionVerdict): TimelineRow => ({
  revision: event.helm_revision,
  operation: event.operation,
  status: event.status,
  ...versions(
    event.from_version,
    event.to_version ??
      event.chart_version ??
      (event.operation === "uninstall" ? undefined : verdict?.toVersion),
  ),
  startedAt: event.started_at,
  finishedAt: event.finished_at,
  seconds: secondsBetween(event.started_at, event.finished_at),
  cause: event.error_summary === undefined ? undefined : said(event.error_summary),
  actor: event.actor,
  streams: event.streams,
  reported: delivery,
});

const deathOf = (run: RunRecord | undefined): FailureCause =>
  run === undefined ? { _tag: "WorkerGone" } : { _tag: "RunDied", run };

const rowOfVerdict = (
  { revision, operation, fromVersion, toVersion, outcome }: RevisionVerdict,
  { worker, actor }: Pick<TimelineContext, "actor" | "worker">,
): TimelineRow => {
  const finished = worker._tag === "None" ? outcome : undefined;
  const end = finished === undefined ? undefined : endOf(revision);
  const finishedAt = end === undefined ? undefined : new Date(end).toISOString();
  return {
    revision: revision.revision,
    operation,
    status: STATUSES[worker._tag] ?? outcome?.status ?? "pending",
    ...versions(operation === "install" ? undefined : fromVersion, toVersion),
    startedAt: revision.startedAt,
    finishedAt,
    seconds: secondsBetween(revision.startedAt, finishedAt),
    cause:
      worker._tag === "Dead"
        ? deathOf(worker.run)
        : finished?.status === "failed"
          ? finished.cause
          : undefined,
    actor,
    streams: undefined,
    reported: "unreported",
  };
};

const STATUSES: Readonly<Record<Worker["_tag"], TimelineRow["status"] | undefined>> = {
  None: undefined,
  Alive: "running",
  Dead: "died",
};

/** The newest revision, when a run may still be at it: only then it matters whether that run lives. */
export const unfinishedRevision = ({
  revisions,
  gates,
}: ReleaseState): RecordedRevision | undefined => {
  const newest = revisions.at(-1);
  if (newest === undefined || newest.status === "uninstalled") return undefined;
  const isOpen =
    newest.status.startsWith("pending-") || gates.get(newest.revision)?.state === "running";
  return isOpen ? newest : undefined;
};

/** Oldest first. Where an event and Helm tell of the same revision, the event knows more. */
export const timeline = (
  state: ReleaseState,
  events: ReadonlyArray<ToldEvent>,
  context: TimelineContext,
): ReadonlyArray<TimelineRow> => {
  const told = new Set<string>();
  const verdicts = revisionVerdicts(state, context);
  const unfinished = unfinishedRevision(state)?.revision;
  const ofRevisions = verdicts.flatMap((verdict): ReadonlyArray<TimelineRow> => {
    const { revision, status } = verdict.revision;
    const ids = eventIdsOf(state.release, [verdict.revision]);
    const about = OPERATIONS.flatMap((operation) =>
      events.filter(
        ({ event }) =>
          event.operation === operation &&
          (ids.has(event.event_id) ||
            (operation === verdict.operation && tellsOf(event, verdict.revision))),
      ),
    );
    for (const { event } of about) told.add(event.event_id);
    const rows = about.map((one) => rowOfEvent(one, verdict));
    const untold = !about.some(({ event }) => event.operation === verdict.operation);
    // An uninstalled revision has a row of its own beside the row of what it was.
    if (about.length > 0 && (status !== "uninstalled" || !untold)) return rows;
    return [...rows, rowOfVerdict(verdict, revision === unfinished ? context : AT_REST)];
  });
  const others = events.filter(({ event }) => !told.has(event.event_id));
  return inTime(
    ofRevisions,
    others.map((one) => rowOfEvent(one)),
  );
};

const AT_REST = { worker: { _tag: "None" }, actor: undefined } as const;

/** Revisions stay in their order whatever their clocks say; the rest goes where its time puts it. */
const inTime = (
  ofRevisions: ReadonlyArray<TimelineRow>,
  others: ReadonlyArray<TimelineRow>,
): ReadonlyArray<TimelineRow> => {
  const rows = [...ofRevisions];
  const sorted = [...others].sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  for (const row of sorted.reverse()) {
    const at = rows.findIndex(({ startedAt }) => Date.parse(startedAt) > Date.parse(row.startedAt));
    rows.splice(at === -1 ? rows.length : at, 0, row);
  }
  return rows;
};
