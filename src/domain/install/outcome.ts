/** What a Helm that was to install left behind. */
import { addedSince, type HelmReason, reasonOf } from "../helm/outcome.ts";
import type { History } from "../release/release.ts";

type InstallOutcome =
  | { readonly _tag: "Installed"; readonly revision: number }
  /** No record is left, be it that none was written or that Helm removed what it had made. */
  | { readonly _tag: "Gone"; readonly reason: HelmReason }
  /** A record stayed of an installation that did not end well. */
  | { readonly _tag: "Failed"; readonly revision: number; readonly reason: HelmReason };

/**
 * Decided from the history alone; the text only supplies the reason.
 * @param before the history read right before Helm was started: empty, or that of a release that was uninstalled
 * @param after the history read after it ended
 * @param errorText Helm's `Error:` text, empty when it exited 0
 */
export const installOutcome = (
  before: History,
  after: History,
  errorText: string,
): InstallOutcome => {
  const [attempt] = addedSince(before, after);
  const isSilent = attempt !== undefined && attempt.status !== "deployed" && errorText === "";
  const reason: HelmReason = isSilent
    ? { _tag: "LeftUnfinished", status: attempt.status }
    : reasonOf(attempt, errorText);
  if (attempt === undefined) return { _tag: "Gone", reason };
  const { revision } = attempt;
  return attempt.status === "deployed" && errorText === ""
    ? { _tag: "Installed", revision }
    : { _tag: "Failed", revision, reason };
};
