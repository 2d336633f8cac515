import {
  byRevision,
  describesFailure,
  descriptionOf,
  type History,
  isPending,
  lastRevision,
  type Revision,
  rollbackTarget,
} from "../release/release.ts";
import { helmReason, oneLine } from "./stderr.ts";

/** Why an upgrade did not end well, as far as Helm tells. */
export type HelmReason =
  /** In Helm's words. */
  | { readonly _tag: "Said"; readonly text: string }
  | { readonly _tag: "Silent" }
  /** Its first write was carried out and the answer lost: it took its own revision for another operation's. */
  | { readonly _tag: "AnswerLost"; readonly revision: number }
  /** It ended, as if all were well, and its record says otherwise. */
  | { readonly _tag: "LeftUnfinished"; readonly status: string }
  /** It ended, and then its records could not be read. */
  | { readonly _tag: "ClusterGone" };

export const said = (text: string): HelmReason =>
  text === "" ? { _tag: "Silent" } : { _tag: "Said", text };

/** What a `helm upgrade` left behind, decided from the history alone; the text only supplies the reason. */
export type HelmOutcome =
  | { readonly _tag: "Upgraded"; readonly revision: number }
  /** No revision was written, so nothing of the release was touched. */
  | { readonly _tag: "NotStarted"; readonly reason: HelmReason }
  /** Another operation was going on. */
  | { readonly _tag: "Locked"; readonly reason: HelmReason }
  /** The release is gone, or was installed afresh because it had gone. */
  | { readonly _tag: "Vanished" }
  | { readonly _tag: "Failed"; readonly revision: number; readonly reason: HelmReason }
  | {
      readonly _tag: "RolledBack";
      readonly revision: number;
      readonly reason: HelmReason;
      readonly restored: number;
      readonly deployed: number;
    }
  /** Helm's rollback failed, or the release was left pending: it runs neither version for certain. */
  | {
      readonly _tag: "Broken";
      readonly revision: number;
      readonly reason: HelmReason;
    };

/** Only as the whole text: deeper inside, these words are about Helm's own rollback. */
const REFUSED =
  /^(?:UPGRADE FAILED: )?(?:another operation \(install\/upgrade\/rollback\) is in progress|release: already exists)$/i;

const EXISTS = /^(?:UPGRADE FAILED: )?release: already exists$/i;

/** What Helm says when the record of its next revision is already there. */
export const saysThatItExists = (errorText: string): boolean => EXISTS.test(errorText);

const ATTEMPT_FAILED = /^(?:Upgrade|Release) ".*?" failed: /s;

/** Why an attempt failed, as far as Helm tells. */
export const reasonOf = (attempt: Revision | undefined, errorText: string): HelmReason => {
  const recorded =
    attempt !== undefined && describesFailure(attempt)
      ? descriptionOf(attempt).replace(ATTEMPT_FAILED, "")
      : "";
  return said(oneLine(recorded || helmReason(errorText)));
};

/** Revisions that came after those of `before`. */
export const addedSince = (before: History, after: History): History => {
  const newest = lastRevision(before)?.revision ?? 0;
  // A record that holds a copy of another's revision lists that one twice.
  return byRevision(after).filter(
    ({ revision }, index, all) => revision > newest && all[index - 1]?.revision !== revision,
  );
};

/**
 * The revision that kept Helm from its first write, where that may have been Helm itself: its request was carried out, the
 * answer got lost, and the request, sent again, was answered that the record exists. Helm stops there, and leaves it
 * pending.
 */
export const inHelmsWay = (
  before: History,
  after: History,
  errorText: string,
): Revision | undefined => {
  const [attempt, next] = addedSince(before, after);
  const alone = attempt?.status === "pending-upgrade" && next === undefined;
  return alone && EXISTS.test(errorText) ? attempt : undefined;
};

/**
 * @param before the history read right before Helm was started
 * @param after the history read after it ended
 * @param errorText Helm's `Error:` text, empty when it exited 0
 * @param own a revision that Helm is known to have written itself, whatever it says
 */
export const helmOutcome = (
  before: History,
  after: History,
  errorText: string,
  own?: Revision,
): HelmOutcome => {
  const newest = lastRevision(before)?.revision ?? 0;
  const added = addedSince(before, after);
  const [attempt, next] = added;
  const uninstalled = after.some((one) => one.revision === newest && wasUninstalled(one));
  // Helm that ends well adds a revision; when it did not, it began a new history.
  const isNewHistory = attempt === undefined && (errorText === "" || !survives(before, after));
  if (after.length === 0 || uninstalled || isNewHistory) return { _tag: "Vanished" };
  if (own !== undefined) {
    return {
      _tag: "Broken",
      revision: own.revision,
      reason: { _tag: "AnswerLost", revision: own.revision },
    };
  }
  // Refused, Helm wrote nothing: what was added meanwhile is another's.
  if (REFUSED.test(errorText)) {
    return { _tag: "Locked", reason: said(oneLine(helmReason(errorText))) };
  }
  const reason = reasonOf(attempt, errorText);
  if (attempt === undefined) return { _tag: "NotStarted", reason };
  const revision = attempt.revision;
  const last = added.at(-1) as Revision;
  if (isPending(last)) return { _tag: "Broken", revision, reason };
  if (attempt.status === "deployed" && next === undefined) return { _tag: "Upgraded", revision };
  if (attempt.status === "failed" && next === undefined)
    return { _tag: "Failed", revision, reason };
  const restored = rollbackTarget(last);
  if (last.status === "deployed" && restored !== undefined) {
    return { _tag: "RolledBack", revision, reason, restored, deployed: last.revision };
  }
  return { _tag: "Broken", revision, reason };
};

/** A revision keeps its number and its time for as long as the installation lasts; another one starts again at 1. */
const survives = (before: History, after: History): boolean =>
  before.some((old) =>
    after.some(({ revision, updated }) => revision === old.revision && updated === old.updated),
  );

/** `helm uninstall --keep-history`, and what an install on top of it makes of the old revision. */
const wasUninstalled = (revision: Revision): boolean =>
  revision.status.startsWith("uninstall") ||
  descriptionOf(revision) === "superseded by new release";
