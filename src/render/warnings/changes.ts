import type { CHANGE_WARNINGS } from "../../domain/report/warnings/changes.ts";
import { describeDeviation } from "../../words/rollout/deviation.ts";
import type { Words } from "./words.ts";

export const CHANGE_WORDS: Words<keyof typeof CHANGE_WARNINGS> = {
  "upgrade-doomed": ({ why }) => `Helm need not wait any longer: ${why}`,
  "rollback-retried": ({ refused }) =>
    `helm rollback failed (${refused}); trying again from what it left`,
  "object-restored": ({ object, why }) =>
    `Helm left ${object} as it was (${describeDeviation(why)}); restoring it`,
  "scale-restored": ({ object, field, live, manifest }) =>
    `${object} keeps ${field} ${live}, which the rollback had set to ${manifest}`,
  "foreign-settings-stay": ({ cause }) =>
    `could not remove what others set in the way of the chart: ${cause}`,
  "identity-not-restored": ({ cause }) =>
    `could not restore the old identity, the data plane keeps the new one: ${cause}`,
  "stale-revision-superseded": ({ revision }) =>
    `revision ${revision} was deployed as well, left behind by two Helms at the same time: it is recorded as superseded now`,
  "stale-revision-stays": ({ revision, cause }) =>
    `revision ${revision} is deployed as well, and could not be recorded as superseded: ${cause}`,
  "gate-not-recorded": ({ cause }) => `could not record the gate's result: ${cause}`,
  "failure-report-not-kept": ({ cause }) => `could not save the failure report: ${cause}`,
  "event-not-written": ({ cause }) =>
    `could not record this upgrade in the deployment history: ${cause}`,
};
