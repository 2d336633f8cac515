import { classifyHelmError, helmReason, oneLine } from "./helm-stderr.ts";
import {
  byRevision,
  describesFailure,
  descriptionOf,
  type History,
  isPending,
  type Revision,
  rollbackTarget,
} from "./release.ts";

/** What a `helm upgrade` left behind, decided from the history alone; the text only supplies the reason. */
export type HelmOutcome =
  | { readonly _tag: "Upgraded"; readonly revision: number }
  /** No revision was written, so nothing of the release was touched. */
  | { readonly _tag: "NotStarted"; readonly reason: string }
  /** Another operation was going on. */
  | { readonly _tag: "Locked"; readonly reason: string }
  /** The release is gone, or was installed afresh because it had gone. */
  | { readonly _tag: "Vanished" }
  | { readonly _tag: "Failed"; readonly revision: number; readonly reason: string }
  | {
      readonly _tag: "RolledBack";
      readonly revision: number;
      readonly reason: string;
      readonly restored: number;
      readonly deployed: number;
    }
  /** Helm's rollback failed, or the release was left pending: it runs neither version for certain. */
  | {
      readonly _tag: "Broken";
      readonly revision: number;
      readonly reason: string;
      readonly state: string;
    };

const UPGRADE_FAILED = /^Upgrade ".*?" failed: /s;

const reasonOf = (attempt: Revision | undefined, errorText: string): string => {
  const recorded =
    attempt !== undefined && describesFailure(attempt)
      ? descriptionOf(attempt).replace(UPGRADE_FAILED, "")
      : "";
  return oneLine(recorded || helmReason(errorText)) || "helm gave no reason";
};

/**
 * @param before the history read right before Helm was started
 * @param after the history read after it ended
 * @param errorText Helm's `Error:` text, empty when it exited 0
 */
export const helmOutcome = (before: History, after: History, errorText: string): HelmOutcome => {
  const newest = Math.max(0, ...before.map(({ revision }) => revision));
  const added = byRevision(after).filter(({ revision }) => revision > newest);
  const [attempt, next] = added;
  if (after.length === 0 || (attempt === undefined && !survives(before, after))) {
    return { _tag: "Vanished" };
  }
  const reason = reasonOf(attempt, errorText);
  if (attempt === undefined) {
    const locked = classifyHelmError(errorText) === "locked";
    return { _tag: locked ? "Locked" : "NotStarted", reason };
  }
  const revision = attempt.revision;
  const last = added.at(-1) as Revision;
  if (isPending(last)) {
    return {
      _tag: "Broken",
      revision,
      reason,
      state: `revision ${last.revision} is ${last.status}`,
    };
  }
  if (attempt.status === "deployed" && next === undefined) return { _tag: "Upgraded", revision };
  if (attempt.status === "failed" && next === undefined)
    return { _tag: "Failed", revision, reason };
  const restored = rollbackTarget(last);
  if (last.status === "deployed" && restored !== undefined) {
    return { _tag: "RolledBack", revision, reason, restored, deployed: last.revision };
  }
  const description = oneLine(descriptionOf(last));
  return {
    _tag: "Broken",
    revision,
    reason,
    state: `revision ${last.revision} is ${last.status}: ${description}`,
  };
};

/** Revision numbers only grow within one installation: a smaller newest one means another installation. */
const survives = (before: History, after: History): boolean =>
  before.some(({ revision }) => after.some((other) => other.revision === revision));
