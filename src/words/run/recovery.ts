/** Why a release has to be brought back. */
import type { ReleaseRef, Revision } from "../../domain/release/release.ts";
import type { Stuck } from "../../domain/run/recovery.ts";
import { visible } from "../../domain/text/visible.ts";
import { describePending } from "../release/busy.ts";
import { sinceOrUnknown } from "../release/times.ts";

const WORK: Readonly<Record<string, string>> = {
  "pending-install": "the first installation",
  "pending-upgrade": "an upgrade",
  "pending-rollback": "a rollback",
};

/** What the state of the newest revision says about how it came to be. */
export const pendingStory = ({ status, updated }: Revision): string =>
  describePending(WORK[status] ?? "an operation", sinceOrUnknown(updated));

export const describeStuck = ({ _tag, revision }: Stuck): string =>
  _tag === "Pending"
    ? `revision ${revision.revision} is ${revision.status}: ${pendingStory(revision)}`
    : `revision ${revision.revision} is ${revision.status}, and no revision is deployed`;

/** Asked on a terminal: what a cluster says is made safe to look at, the lines of the question stay. */
export const askToRecover = (
  { name }: ReleaseRef,
  stuck: Stuck,
  { to, noun }: { readonly to: Revision; readonly noun: string },
): string =>
  `${visible(describeStuck(stuck))}\nRoll back to revision ${to.revision} of release ${name} and continue with ${noun}?`;
