import {
  describesFailure,
  isNotedRollback,
  type Revision,
  rollbackTarget,
} from "../release/release.ts";
import { type FailureCause, said } from "./failure-cause.ts";
import type { EventOutcome, Operation } from "./install-event.ts";

/** One of Helm's release Secrets, as much of it as the deployment history is about. */
export interface RecordedRevision extends Revision {
  /** Of the Secret: a reinstalled release starts again at 1, with other UIDs. */
  readonly uid: string;
  /** Start of the operation, RFC 3339. */
  readonly startedAt: string;
  /** When Helm wrote the Secret last: the end of the operation, or when a later one superseded it. */
  readonly writtenAt: string | undefined;
}

const REINSTALLED = "superseded by new release";

/** Nothing when the record does not tell: an install on top of it has overwritten what it was. */
export const operationOf = (
  revision: RecordedRevision,
  previous: RecordedRevision | undefined,
): Operation | undefined => {
  const { status, description = "" } = revision;
  if (description === REINSTALLED) return undefined;
  if (status === "uninstalled" || status === "uninstalling") return "uninstall";
  if (status === "pending-rollback" || isNotedRollback(revision)) return "rollback";
  if (rollbackTarget(revision) !== undefined) return "rollback";
  if (/^Rollback ".*" failed: /s.test(description)) return "rollback";
  if (status === "pending-install" || description === "Install complete") return "install";
  if (revision.revision === 1) return "install";
  // A rollback that failed while it waited says the same as an install that failed.
  if (/^Release ".*" failed: /s.test(description)) {
    return previous?.description === REINSTALLED ? "install" : "rollback";
  }
  return "upgrade";
};

const PREFIX = /^(?:Upgrade|Rollback|Release) ".*?" failed: /s;

/** What the record itself says about how it ended; nothing while it has not. */
export const recordedOutcome = (revision: RecordedRevision): EventOutcome | undefined => {
  const { status, description = "" } = revision;
  if (status === "failed" || describesFailure(revision)) {
    const text = description.replace(PREFIX, "");
    const cause: FailureCause = text === "" ? { _tag: "HelmSilent" } : said(text);
    return { status: "failed", code: "HelmFailed", cause };
  }
  const ended = status === "deployed" || status === "superseded" || status === "uninstalled";
  return ended ? { status: "success" } : undefined;
};
