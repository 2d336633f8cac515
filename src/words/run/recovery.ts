/** Why a release has to be brought back. */
import type { Revision } from "../../domain/release/release.ts";
import type { Stuck } from "../../domain/run/recovery.ts";
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
