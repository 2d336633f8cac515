/** Where a run is stopped to be killed: before and after every kind of write that it, or its Helm, makes. */
import type { Hold } from "../holding-proxy.ts";
import { CRD, EVENT, GATE, IDENTITY, JOURNAL, LEASE, PROXY, revision, write } from "./requests.ts";

export interface Point {
  readonly name: string;
  /** Whose request is held. While it is one of Helm's, to kill tare alone is another story than to kill both. */
  readonly by: "tare" | "helm";
  readonly hold: Hold;
  /** Only with a chart whose workload never becomes ready does Helm roll back; with whose proxy, tare does. */
  readonly broken: "workload" | "proxy" | undefined;
  /** What the next run says of where it died; nothing when it cannot know of it. */
  readonly died: string | undefined;
  /** Of the deployment history, for what the dead run attempted. */
  readonly row: "none" | "failed" | "success";
}

type Told = Pick<Point, "died" | "row"> & Partial<Pick<Point, "broken">>;

/** How a request is waited for before the API server has seen it, and after that. */
type Request = readonly [by: Point["by"], hold: (when: Hold["when"]) => Hold];

const patch = (path: RegExp, nth = 1): Request => [
  "tare",
  (when) => write("tare", "PATCH", path, { when, nth }),
];

const helmSays = (status: string, nth = 1): Request => [
  "helm",
  (when) => revision(status, { when, nth }),
];

const point = (name: string, when: Hold["when"], [by, hold]: Request, told: Told): Point => ({
  broken: undefined,
  ...told,
  name: `${when} ${name}`,
  by,
  hold: hold(when),
});

const around = (name: string, request: Request, told: Told, toldAfter = told) => [
  point(name, "before", request, told),
  point(name, "after", request, toldAfter),
];

const UNSEEN: Told = { died: undefined, row: "none" };
/** It left its lock and nothing else to tell of it. */
export const WITH_ITS_LOCK = "with its lock";
const LOCKED: Told = { died: WITH_ITS_LOCK, row: "none" };
const IDLE: Told = { died: "before it wrote anything", row: "none" };
const IN_CRDS: Told = { died: "in phase 4", row: "failed" };
const IN_UPGRADE: Told = { died: "in phase 5", row: "failed" };
const PROVEN: Told = { died: "in phase 5", row: "success" };
const HELM_BACK: Told = { ...IN_UPGRADE, broken: "workload" };
const TARE_BACK: Told = { ...IN_UPGRADE, broken: "proxy" };

const LOCK: Request = ["tare", (when) => write("tare", "PUT", LEASE, { when })];
const ENVOY_PROXY: Request = ["helm", (when) => write("helm", "PATCH", PROXY, { when })];

const POINTS: ReadonlyArray<Point> = [
  ...around("the lock is taken", LOCK, UNSEEN, LOCKED),
  ...around("the journal is opened", patch(JOURNAL), LOCKED, IDLE),
  ...around("the first CRD is written", patch(CRD), IN_CRDS),
  ...around("the identity is written", patch(IDENTITY), IN_UPGRADE),
  ...around("the gate's record says running", patch(GATE), IN_UPGRADE),
  ...around("Helm writes its revision", helmSays("pending-upgrade"), IN_UPGRADE),
  ...around("Helm changes the EnvoyProxy", ENVOY_PROXY, IN_UPGRADE),
  ...around("Helm supersedes the old revision", helmSays("superseded"), IN_UPGRADE),
  ...around("Helm calls its revision deployed", helmSays("deployed"), IN_UPGRADE),
  ...around("the gate's record says passed", patch(GATE, 2), IN_UPGRADE, PROVEN),
  ...around("the event is written", patch(EVENT), PROVEN),
  // It writes the deployed revision once more before it calls its own failed.
  point("Helm notes that it waited in vain", "before", helmSays("deployed"), HELM_BACK),
  point("Helm calls its revision failed", "after", helmSays("failed"), HELM_BACK),
  ...around("Helm's own rollback writes its revision", helmSays("pending-rollback"), HELM_BACK),
  point("Helm's own rollback calls that deployed", "before", helmSays("deployed", 2), HELM_BACK),
  ...around("our rollback writes its revision", helmSays("pending-rollback"), TARE_BACK),
  point("our rollback supersedes the bad one", "before", helmSays("superseded", 2), TARE_BACK),
  point("our rollback calls its own deployed", "before", helmSays("deployed", 2), TARE_BACK),
];

export const WITH_HELM = POINTS.filter(({ by }) => by === "helm");
export const WITHOUT_HELM = POINTS.filter(({ by }) => by === "tare");
