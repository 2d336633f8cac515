import type { Store } from "../../fakes/cluster/store.ts";
import type { Fault } from "../faults/fault.ts";
import type { Outcome, Run } from "../run.ts";

/** What must hold however an upgrade goes. */
export interface Invariant {
  readonly name: string;
  readonly what: string;
  readonly why: string;
  /** What is wrong; `undefined` when it holds. */
  readonly check: (outcome: Outcome) => string | undefined;
}

export const runsOf = ({ first, impatient, next }: Outcome): ReadonlyArray<Run> =>
  [first, impatient, next].filter((run) => run !== undefined);

/** For what must hold of every run; the first that breaks it is named. */
export const ofEachRun =
  (check: (run: Run, outcome: Outcome) => string | undefined): Invariant["check"] =>
  (outcome) => {
    for (const run of runsOf(outcome)) {
      const problem = check(run, outcome);
      if (problem !== undefined) return `${run.holder}: ${problem}`;
    }
    return undefined;
  };

/** What a run built on. An impatient one waits for the Helm of the killed run, and goes on from what that has left. */
export const foundBy = (run: Run, { impatient }: Outcome): Store =>
  run === impatient ? (run.whenUpgrading ?? run.before) : run.before;

export const struck = ({ befallen }: Run, isIt: (fault: Fault) => boolean): boolean =>
  [...befallen.struck].some(isIt);

/** Helm's records fill a quota of ConfigMaps: one of tare's own finds no room, and the run says so. */
export const saidNoRoom =
  (code: "event-not-written" | "gate-not-recorded") =>
  (run: Run, { story: { world } }: Outcome): boolean =>
    world.inTheWay === "record-quota" &&
    run.reports.some(
      (event) =>
        event._tag === "Warning" &&
        event.warning.code === code &&
        /exceeded quota/.test(event.warning.cause),
    );

export const isOutage = (fault: Fault): boolean =>
  fault._tag === "Happening" && fault.what === "outage";

/** Something kept Helm from writing what it meant to. */
export const disturbsHelm = (fault: Fault): boolean =>
  isOutage(fault) ||
  (fault._tag === "Request" && fault.actor === "helm") ||
  (fault._tag === "Happening" && fault.what === "helm-killed");

/** A call of tare's own to the API server did not go as it should. */
export const disturbsCalls =
  (...methods: ReadonlyArray<string>) =>
  (fault: Fault): boolean =>
    isOutage(fault) ||
    (fault._tag === "Call" && methods.includes(`${fault.port}.${fault.method}`)) ||
    (fault._tag === "Request" &&
      fault.actor === "tare" &&
      methods.some((method) => method === `Kubectl.${fault.verb}`));

export const isProxyEdit = (fault: Fault): boolean =>
  fault._tag === "Happening" && fault.what === "proxy-edited";

/** Commands of one kind that a run started. */
export const helmCommands = (run: Run, command: "upgrade" | "rollback") =>
  run.helmCommands.filter(({ args }) => args[0] === command);
