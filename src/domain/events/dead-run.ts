import { actorOf } from "../processes/actor.ts";
import type { GateRecords } from "../release/gate-record.ts";
import { byRevision, describesFailure, descriptionOf, type History } from "../release/release.ts";
import { beganBefore, identityOf, isStillThere } from "../release/revision-identity.ts";
import { journaledOperation, UNINSTALL } from "../run/operation.ts";
import { hasDone, type RunRecord } from "../run/run-journal.ts";
import { said } from "./failure-cause.ts";
import type { EventFacts, EventSubject } from "./install-event.ts";

type Outcome = EventFacts["outcome"];

export interface DeadRunEvent {
  readonly subject: EventSubject;
  readonly outcome: Outcome;
}

/** Died before it attempted anything, or after it had told the history itself. */
const owesNothing = (run: RunRecord): boolean =>
  hasDone(run, "event") || !run.steps.some(({ step }) => step === "crds" || step === "upgrade");

/**
 * Of an uninstallation: what it was to take away is there still, or is not. An uninstallation tells of the newest revision
 * it found.
 */
const deadUninstall = (run: RunRecord, history: History): DeadRunEvent | undefined => {
  const { baseRevision, baseUpdated, baseUid } = run;
  const identity = baseUpdated ?? baseUid;
  const hasBegun = run.steps.some(
    ({ step }) => step === "custom-resources" || step === "helm-uninstall",
  );
  if (hasDone(run, "event") || !hasBegun || identity === undefined) return undefined;
  const subject: EventSubject = { _tag: "Revision", revision: baseRevision, identity };
  return history.length === 0
    ? { subject, outcome: { status: "success" } }
    : { subject, outcome: { status: "failed", code: "Killed", cause: { _tag: "RunDied", run } } };
};

/** A journal that an uninstalled release left behind tells nothing of the one in its place. */
export const isOfAnotherInstallation = (
  { baseRevision, baseUpdated, baseUid, startedAt }: RunRecord,
  history: History,
  uids: ReadonlyMap<number, string>,
): boolean => {
  if (baseUpdated !== undefined) {
    return !isStillThere({ revision: baseRevision, updated: baseUpdated }, history);
  }
  return (
    baseUid !== undefined &&
    uids.get(baseRevision) !== baseUid &&
    !beganBefore(baseRevision, startedAt, history)
  );
};

/**
 * What a run that died would have told the deployment history. The ids are those that it would have used itself, so that
 * it does no harm if it has, or if the doctor was faster.
 */
export const deadRunEvent = (
  run: RunRecord,
  history: History,
  gates: GateRecords,
  uids: ReadonlyMap<number, string>,
): DeadRunEvent | undefined => {
  if (run.operation === UNINSTALL.event) return deadUninstall(run, history);
  if (owesNothing(run) || isOfAnotherInstallation(run, history, uids)) return undefined;
  const ranHelm = run.steps.some(({ step }) => step === "helm-upgrade");
  const attempt = ranHelm
    ? byRevision(history).find(({ revision }) => revision > run.baseRevision)
    : undefined;
  const identity = identityOf(attempt, uids);
  const died: Outcome = {
    status: "failed",
    code: "Killed",
    cause: { _tag: "RunDied", run },
  };
  if (attempt === undefined || identity === undefined) {
    return { subject: { _tag: "Run", runId: run.runId }, outcome: died };
  }
  const subject: EventSubject = { _tag: "Revision", revision: attempt.revision, identity };
  if (gates.get(attempt.revision)?.state === "passed") {
    return { subject, outcome: { status: "success" } };
  }
  return describesFailure(attempt)
    ? { subject, outcome: { ...died, cause: said(descriptionOf(attempt)) } }
    : { subject, outcome: died };
};

/** Fields that the writer of the event knows better than the record does. */
type Writer = Pick<
  EventFacts,
  "cliVersion" | "finishedAt" | "release" | "source" | "startedAt" | "workspaceId"
>;

export const factsOfDeadRun = (
  run: RunRecord,
  { subject, outcome }: DeadRunEvent,
  writer: Writer,
): EventFacts => ({
  subject,
  operation: journaledOperation(run.operation).event,
  outcome,
  fromVersion: run.fromVersion,
  // It goes to none.
  toVersion: run.operation === UNINSTALL.event ? undefined : run.toVersion,
  actor: actorOf(run.process),
  ...writer,
});
