/** Shapes of a release's past, each with where a rollback has to go: decided here by hand, not by what is tested. */
import type { JsonObject } from "../../../src/domain/kube/json.ts";
import type { SeededRevision } from "../../fakes/fixtures/installation.ts";
import { chartFor, GOOD } from "./charts.ts";

export const HISTORIES = [
  "first",
  "upgraded",
  "failed-last",
  "rollback-failed",
  "rolled-back",
  "long",
  "unproven",
  "pending-upgrade",
  "pending-rollback",
  "uninstalled",
  "absent",
] as const;
export type HistoryName = (typeof HISTORIES)[number];

export interface SeededHistory {
  readonly revisions: ReadonlyArray<SeededRevision>;
  /** The revision whose objects are on the cluster. */
  readonly running: number;
  /** The revision a failed upgrade has to come back to, and the one whose content that is. */
  readonly good: number | undefined;
  /** The revision whose values count. */
  readonly deployed: number | undefined;
  /** What an earlier run recorded of the data plane. */
  readonly gates: Readonly<Record<number, "passed" | "failed" | "running">>;
}

const old = chartFor("1.0.0", GOOD);
const now = chartFor("1.1.0", GOOD);
/** An attempt that did not make it; neither its chart nor its values may ever be taken up again. */
const tried = chartFor("1.1.5", GOOD);
const WRONG: JsonObject = { global: { customer: "of-a-failed-attempt", imageRegistry: "wrong" } };

const FAILED = 'Upgrade "tars" failed: pre-upgrade hooks failed: job failed: BackoffLimitExceeded';

const history = (
  revisions: ReadonlyArray<SeededRevision>,
  rest: Partial<Omit<SeededHistory, "revisions">> = {},
): SeededHistory => {
  const deployed = revisions.findLastIndex(({ status }) => status === "deployed") + 1;
  const number = deployed === 0 ? undefined : deployed;
  return {
    revisions,
    running: number ?? 0,
    good: number,
    deployed: number,
    gates: {},
    ...rest,
  };
};

const superseded: SeededRevision = { status: "superseded", chart: old };
const deployed: SeededRevision = { status: "deployed", chart: now };
const failed: SeededRevision = {
  status: "failed",
  chart: tried,
  values: WRONG,
  description: FAILED,
};

export const SEEDED: Readonly<Record<HistoryName, SeededHistory>> = {
  first: history([deployed]),
  upgraded: history([superseded, deployed]),
  "failed-last": history([superseded, deployed, failed]),
  // Helm's own rollback would take the superseded one, which failed (helm/helm#11435).
  "rollback-failed": history([
    deployed,
    { ...failed, status: "superseded" },
    { ...deployed, status: "failed", description: 'Rollback "tars" failed: no Deployment found' },
  ]),
  "rolled-back": history([
    { ...superseded, chart: now },
    failed,
    { ...deployed, description: "Rollback to 1" },
  ]),
  long: history([...Array.from({ length: 10 }, () => superseded), deployed]),
  // The newest one was left in place although its data plane never came up, and the one before it had failed.
  unproven: history(
    [superseded, { ...failed, status: "superseded" }, { ...deployed, chart: tried }],
    { good: 1, gates: { 3: "failed" } },
  ),
  "pending-upgrade": history([
    deployed,
    { status: "pending-upgrade", chart: tried, values: WRONG },
  ]),
  "pending-rollback": history(
    [superseded, failed, { status: "pending-rollback", chart: old, description: "Rollback to 1" }],
    { running: 1 },
  ),
  uninstalled: history([{ status: "uninstalled", chart: now }]),
  absent: history([]),
};
