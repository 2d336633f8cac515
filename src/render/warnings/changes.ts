import type { CHANGE_WARNINGS } from "../../domain/report/warnings/changes.ts";
import type { Words } from "./words.ts";

export const CHANGE_WORDS: Words<keyof typeof CHANGE_WARNINGS> = {
  "upgrade-doomed": ({ why }) => `Helm need not wait any longer: ${why}`,
  "rollback-retried": ({ refused }) =>
    `helm rollback failed (${refused}); trying again from what it left`,
  "object-restored": ({ object, why }) => `Helm left ${object} as it was (${why}); restoring it`,
  "scale-restored": ({ object, field, live, manifest }) =>
    `${object} keeps ${field} ${live}, which the rollback had set to ${manifest}`,
  "foreign-settings-stay": ({ cause }) =>
    `what others set in the way of the chart could not be taken away: ${cause}`,
  "identity-not-restored": ({ cause }) =>
    `the data plane keeps the new identity, the old one could not be restored: ${cause}`,
  "stale-revision-superseded": ({ revision }) =>
    `revision ${revision} was deployed as well, which two Helms at the same time leave behind: it is recorded as superseded now`,
  "stale-revision-stays": ({ revision, cause }) =>
    `revision ${revision} is deployed as well, and could not be recorded as superseded: ${cause}`,
  "gate-not-recorded": ({ cause }) => `the gate's result could not be recorded: ${cause}`,
  "failure-report-not-kept": ({ cause }) => `the failure report could not be kept: ${cause}`,
  "event-not-written": ({ cause }) =>
    `the deployment history was not told of this upgrade: ${cause}`,
};
