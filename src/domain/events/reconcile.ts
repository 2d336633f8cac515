/** Which rows of the deployment history are missing: decided from Helm's records, the gate's and the journal. */

import { Duration } from "effect";
import { type Actor, actorOf } from "../processes/actor.ts";
import { type GateRecords, unprovenRevisions } from "../release/gate-record.ts";
import { chartVersion, describesFailure, isPending, type ReleaseRef } from "../release/release.ts";
import { instantOf, type KnownRevision } from "../release/revision-identity.ts";
import { journaledOperation, UNINSTALL } from "../run/operation.ts";
import type { RunRecord } from "../run/run-journal.ts";
import { deadRunEvent, factsOfDeadRun, isOfAnotherInstallation } from "./dead-run.ts";
import type { FailureCause } from "./failure-cause.ts";
import {
  type EventFacts,
  type EventOutcome,
  type EventSubject,
  eventId,
  type InstallEvent,
  OPERATIONS,
  type Operation,
} from "./install-event.ts";
import { operationOf, type RecordedRevision, recordedOutcome } from "./recorded-revision.ts";

/** No run waits longer for Helm; a revision that is pending for so long was abandoned. */
export const STALE_AFTER = Duration.minutes(30);

export interface ReleaseState {
  readonly release: ReleaseRef;
  /** Ascending. */
  readonly revisions: ReadonlyArray<RecordedRevision>;
  readonly gates: GateRecords;
  /** Of the run that wrote last; it may have died. */
  readonly journal: RunRecord | undefined;
}

export interface ReconcileContext {
  /** Ids of the events that exist. */
  readonly reported: ReadonlySet<string>;
  readonly nowMillis: number;
  readonly staleAfter: Duration.Duration;
  readonly cliVersion: string;
  readonly workspaceId: string;
}

export interface RevisionVerdict {
  readonly revision: RecordedRevision;
  readonly operation: Operation;
  readonly fromVersion: string;
  readonly toVersion: string;
  /** `undefined` while it may still be going on. */
  readonly outcome: EventOutcome | undefined;
}

/** A revision as its record tells, or as much as that record's label does. */
type RevisionKey = Pick<RecordedRevision, "revision" | "uid"> & { readonly updated?: string };

/** Made of when it was begun, and of the UID of its record, as older writers did. */
const idsOf = (
  release: ReleaseRef,
  { revision, uid, updated }: RevisionKey,
  operation: Operation,
): ReadonlyArray<string> =>
  [instantOf(updated), uid].flatMap((identity) =>
    identity === undefined
      ? []
      : [eventId(release, { _tag: "Revision", revision, identity }, operation)],
  );

/** Whether an event tells of this revision, whatever its id: it does when its run was at work when Helm began it. */
export const tellsOf = (event: InstallEvent, { revision, updated }: KnownRevision): boolean => {
  const began = Date.parse(updated ?? "");
  return (
    event.helm_revision === revision &&
    Date.parse(event.started_at) <= began &&
    began <= Date.parse(event.finished_at ?? event.started_at)
  );
};

/** Every id that an event about one of these revisions can have, with the revision. */
export const eventIdsOf = (
  release: ReleaseRef,
  revisions: ReadonlyArray<RevisionKey>,
): ReadonlyMap<string, number> =>
  new Map(
    revisions.flatMap((one) =>
      OPERATIONS.flatMap((operation) =>
        idsOf(release, one, operation).map((id) => [id, one.revision] as const),
      ),
    ),
  );

/** Told of by what they were, or by their removal: the record of a removed one does not say what it was before. */
export const isReported = (
  release: ReleaseRef,
  revision: RevisionKey & { readonly status: string },
  reported: ReadonlySet<string>,
): boolean =>
  (revision.status === "uninstalled" ? (["uninstall"] as const) : OPERATIONS).some((operation) =>
    idsOf(release, revision, operation).some((id) => reported.has(id)),
  );

const abandoned = (cause: FailureCause): EventOutcome => ({
  status: "failed",
  code: "Abandoned",
  cause,
});

const outcomeOf = (
  { revisions, gates }: ReleaseState,
  revision: RecordedRevision,
  { nowMillis, staleAfter }: Pick<ReconcileContext, "nowMillis" | "staleAfter">,
): EventOutcome | undefined => {
  const uids = revisions.map(({ uid }) => uid);
  const gate = unprovenRevisions(gates, revisions, uids).has(revision.revision)
    ? gates.get(revision.revision)?.state
    : undefined;
  const recorded = recordedOutcome(revision);
  if (recorded?.status === "failed") return recorded;
  if (gate === "failed") {
    return { status: "failed", code: "DataPlaneNotSettled", cause: { _tag: "DataPlaneDown" } };
  }
  if (gate === "running") return abandoned({ _tag: "GateUnfinished" });
  if (recorded !== undefined || !isPending(revision)) return recorded;
  const age = nowMillis - Date.parse(revision.startedAt);
  const superseded = revisions.at(-1)?.revision !== revision.revision;
  const stale = superseded || !(age < Duration.toMillis(staleAfter));
  return stale ? abandoned({ _tag: "LeftPending", status: revision.status }) : undefined;
};

/** The version that was running before: of the newest revision that is not known to have failed. */
const versionBefore = (
  state: ReleaseState,
  revision: RecordedRevision,
  operation: Operation,
): string => {
  const before = state.revisions.filter((one) => one.revision < revision.revision);
  const uids = state.revisions.map(({ uid }) => uid);
  const unproven = unprovenRevisions(state.gates, state.revisions, uids);
  const good = before.filter(
    (one) =>
      (one.status === "deployed" || one.status === "superseded") &&
      !describesFailure(one) &&
      !unproven.has(one.revision),
  );
  // A rollback leaves the attempt before it, whatever became of that.
  const from = operation === "rollback" ? before.at(-1) : (good.at(-1) ?? before.at(-1));
  return from === undefined || operation === "install"
    ? chartVersion(revision)
    : chartVersion(from);
};

/** What became of each revision; those whose record does not tell what they were are left out. */
export const revisionVerdicts = (
  state: ReleaseState,
  context: Pick<ReconcileContext, "nowMillis" | "staleAfter">,
): ReadonlyArray<RevisionVerdict> =>
  state.revisions.flatMap((revision, index) => {
    const operation = operationOf(revision, state.revisions[index - 1]);
    return operation === undefined
      ? []
      : [
          {
            revision,
            operation,
            fromVersion: versionBefore(state, revision, operation),
            toVersion: chartVersion(revision),
            outcome: outcomeOf(state, revision, context),
          },
        ];
  });

const milliseconds = (text: string | undefined): number | undefined => {
  const millis = Date.parse(text ?? "");
  return Number.isNaN(millis) ? undefined : millis;
};

/** When the operation ended, as far as the record tells: a superseded one was written again by its successor. */
export const endOf = ({ status, startedAt, writtenAt }: RecordedRevision): number | undefined => {
  const [started, written] = [milliseconds(startedAt), milliseconds(writtenAt)];
  if (status === "superseded" || started === undefined || written === undefined) return undefined;
  return Math.max(started, written);
};

export const subjectOf = ({ revision, updated, uid }: RecordedRevision): EventSubject => ({
  _tag: "Revision",
  revision,
  identity: instantOf(updated) ?? uid,
});

/** Of the run that the journal tells of, and of its own operation only: a rollback after it belongs to no run. */
const actorIn = (
  { journal, revisions }: ReleaseState,
  { revision, operation }: RevisionVerdict,
): Actor | undefined => {
  if (journal === undefined) return undefined;
  if (operation !== journaledOperation(journal.operation).event) return undefined;
  const own = revisions.find((one) => one.revision > journal.baseRevision);
  const uids = new Map(revisions.map((one) => [one.revision, one.uid]));
  const ranHelm = journal.steps.some(({ step }) => step === "helm-upgrade");
  const isOurs = !isOfAnotherInstallation(journal, revisions, uids);
  return ranHelm && isOurs && own?.revision === revision.revision
    ? actorOf(journal.process)
    : undefined;
};

const factsOf = (
  state: ReleaseState,
  verdict: RevisionVerdict,
  outcome: EventOutcome,
  { nowMillis, cliVersion, workspaceId }: ReconcileContext,
): EventFacts => {
  const { revision, operation, fromVersion, toVersion } = verdict;
  const startedAt = milliseconds(revision.startedAt) ?? nowMillis;
  const end = endOf(revision);
  return {
    release: state.release,
    actor: actorIn(state, verdict),
    subject: subjectOf(revision),
    operation,
    outcome,
    fromVersion,
    toVersion: operation === "uninstall" ? undefined : toVersion,
    startedAt: new Date(startedAt),
    finishedAt: end === undefined ? undefined : new Date(end),
    cliVersion,
    workspaceId,
    source: "doctor",
  };
};

/** The row of a run that died before it came to write a revision, under the id it would have used itself. */
const rowOfDeadRun = (
  { release, revisions, gates, journal }: ReleaseState,
  { nowMillis, staleAfter, cliVersion, workspaceId }: ReconcileContext,
): ReadonlyArray<EventFacts> => {
  if (journal === undefined || journal.ended !== undefined) return [];
  const uids = new Map(revisions.map(({ revision, uid }) => [revision, uid]));
  const event = deadRunEvent(journal, revisions, gates, uids);
  // A revision has a row of its own already, but no row says that it was being removed.
  if (event === undefined) return [];
  if (event.subject._tag !== "Run" && journal.operation !== UNINSTALL.event) return [];
  const startedAt = milliseconds(journal.startedAt) ?? nowMillis;
  // A Helm that was just started may still come to write its revision.
  const ranHelm = journal.steps.some(({ step }) => step === "helm-upgrade");
  if (ranHelm && nowMillis - startedAt < Duration.toMillis(staleAfter)) return [];
  return [
    factsOfDeadRun(journal, event, {
      release,
      startedAt: new Date(startedAt),
      finishedAt: new Date(milliseconds(journal.steps.at(-1)?.at) ?? startedAt),
      cliVersion,
      workspaceId,
      source: "doctor",
    }),
  ];
};

/** To be asked only when no run is at work on the release: the rows that are missing, in the order of revisions. */
export const missingRows = (
  state: ReleaseState,
  context: ReconcileContext,
): ReadonlyArray<EventFacts> => {
  const ofRevisions = revisionVerdicts(state, context).flatMap((verdict) =>
    verdict.outcome === undefined || isReported(state.release, verdict.revision, context.reported)
      ? []
      : [factsOf(state, verdict, verdict.outcome, context)],
  );
  return [...rowOfDeadRun(state, context), ...ofRevisions].filter(
    ({ release, subject, operation }) =>
      !context.reported.has(eventId(release, subject, operation)),
  );
};
