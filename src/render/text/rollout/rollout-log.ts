/** A rollout in a log: what changed, not too often, and a sign of life when nothing does. Pure. */
import type { ReportEvent } from "../../../domain/report/report.ts";
import type { WorkloadProgress } from "../../../domain/rollout/progress.ts";
import type { OpenStreams } from "../../../domain/streams/tally.ts";
import { describeWaiting } from "../../../words/rollout/waiting-for.ts";
import { drainingSummary } from "../streams.ts";
import { type Waiting, waitingLine, workloadLine, workloadTitle } from "./rollout-lines.ts";

const HEARTBEAT_MILLIS = 30_000;
/** A workload that changes all the time gets a line no more often. */
const BETWEEN_LINES_MILLIS = 20_000;

interface Told {
  /** Every state that was printed: one that comes back is no news. */
  readonly states: ReadonlySet<string>;
  readonly atMillis: number;
}

export interface RolloutLog {
  readonly waiting: Waiting | undefined;
  readonly workloads: ReadonlyArray<WorkloadProgress>;
  readonly told: ReadonlyMap<string, Told>;
  readonly lastLineMillis: number;
  /** Streams of old proxies as they are, and when they were printed last. */
  readonly draining: ReadonlyArray<OpenStreams>;
  readonly drainingDue: boolean;
  readonly drainingToldMillis: number;
}

export const EMPTY_LOG: RolloutLog = {
  waiting: undefined,
  workloads: [],
  told: new Map(),
  lastLineMillis: 0,
  draining: [],
  drainingDue: false,
  drainingToldMillis: Number.NEGATIVE_INFINITY,
};

type Step = readonly [RolloutLog, ReadonlyArray<string>];

const isDone = ({ waitingFor }: WorkloadProgress): boolean => waitingFor === undefined;

/** Words of the pods come and go with every restart: they are printed with a state, and make none. */
const stateOf = ({ ready, desired, waitingFor, lastEvent }: WorkloadProgress): string =>
  waitingFor === undefined
    ? "done"
    : `${ready}/${desired} ${describeWaiting(waitingFor)} ${/^\w*/.exec(lastEvent?.reason ?? "")?.[0]}`;

const DONE: Told = { states: new Set(["done"]), atMillis: Number.NEGATIVE_INFINITY };

/** Tells what is due; what changed too soon after the last line stays until then. */
const tell = (log: RolloutLog, nowMillis: number): Step => {
  const told = new Map(log.told);
  const lines: Array<string> = [];
  for (const one of log.workloads) {
    const before = told.get(workloadTitle(one));
    const state = stateOf(one);
    if (before === undefined && isDone(one)) {
      told.set(workloadTitle(one), DONE);
      continue;
    }
    if (before?.states.has(state) === true) continue;
    const isDue = nowMillis - (before?.atMillis ?? 0) >= BETWEEN_LINES_MILLIS;
    if (before !== undefined && !isDue && !isDone(one)) continue;
    // Whatever follows "done" is news again, and so is "done" after anything else.
    const isFresh = isDone(one) || before === undefined || before.states.has("done");
    const states = new Set(isFresh ? [state] : [...before.states, state]);
    told.set(workloadTitle(one), { states, atMillis: nowMillis });
    lines.push(workloadLine(one));
  }
  const lastLineMillis = lines.length > 0 ? nowMillis : log.lastLineMillis;
  return [{ ...log, told, lastLineMillis }, lines];
};

const tellDraining = (log: RolloutLog, nowMillis: number): Step => {
  if (!log.drainingDue || nowMillis - log.drainingToldMillis < BETWEEN_LINES_MILLIS) {
    return [log, []];
  }
  const line = drainingSummary(log.draining);
  if (line === undefined) return [{ ...log, drainingDue: false }, []];
  const told = { drainingDue: false, drainingToldMillis: nowMillis, lastLineMillis: nowMillis };
  return [{ ...log, ...told }, [line]];
};

export const logEvent = (log: RolloutLog, event: ReportEvent, nowMillis: number): Step => {
  switch (event._tag) {
    case "RolloutStarted": {
      const { stage, budgetMillis } = event;
      const waiting = { stage, budgetMillis, startedAtMillis: nowMillis };
      return [{ ...log, waiting, lastLineMillis: nowMillis }, []];
    }
    case "DataPlaneProgress":
      return tell({ ...log, workloads: event.deployments }, nowMillis);
    case "StreamsProgress":
      return tellDraining({ ...log, draining: event.draining, drainingDue: true }, nowMillis);
    case "RolloutEnded":
      return tell({ ...log, waiting: undefined }, nowMillis);
    default:
      return [{ ...log, lastLineMillis: nowMillis }, []];
  }
};

const unfinished = (workloads: ReadonlyArray<WorkloadProgress>): string =>
  workloads
    .filter((one) => !isDone(one))
    .map((one) => `${one.name} ${one.ready}/${one.desired}`)
    .join(", ");

/** To be called every second or so. */
export const logTick = (before: RolloutLog, nowMillis: number): Step => {
  if (before.waiting === undefined) return [before, []];
  const [told, workloadLines] = tell(before, nowMillis);
  const [log, streamLines] = tellDraining(told, nowMillis);
  const lines = [...workloadLines, ...streamLines];
  if (lines.length > 0 || nowMillis - log.lastLineMillis < HEARTBEAT_MILLIS) return [log, lines];
  const missing = unfinished(log.workloads);
  const line = `${waitingLine(before.waiting, nowMillis)}${missing === "" ? "" : `: ${missing}`}`;
  return [{ ...log, lastLineMillis: nowMillis }, [line]];
};
