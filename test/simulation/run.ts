/** A story from start to end: the run it is about, and those that come after it when that was cut short. */
import { Context, Effect } from "effect";
import type { ReportEvent } from "../../src/domain/report/report.ts";
import type { LoggedRequest } from "../fakes/cluster/FakeCluster.ts";
import type { Store } from "../fakes/cluster/store.ts";
import type { HelmInvocation } from "../fakes/helm/FakeHelm.ts";
import {
  FakeBackups,
  FakeEnvoyGateway,
  FakeHelm,
  type FakeStream,
  FakeStreams,
  Recorder,
} from "../fakes/index.ts";
import type { Ending } from "../fakes/pods/pod.ts";
import { lastVisits, visit } from "./doctor.ts";
import { holdersIn } from "./facts.ts";
import { HELM_STEPS } from "./faults/fault.ts";
import { type ProcessEnd, runProcess } from "./process.ts";
import {
  helmRuns,
  limitOf,
  makeSimulation,
  openStreams,
  replaceListeners,
  runIn,
  type Simulation,
  storeOf,
  wait,
} from "./simulation.ts";
import type { Story } from "./story.ts";
import type { TraceLine } from "./trace.ts";
import { MENDED_CHART } from "./world/charts.ts";
import { optionsOf } from "./world/inputs.ts";
import { takeQuotasAway } from "./world/obstacles.ts";

const LEASE_MILLIS = 30_000;
const HELM_STARTS_WITHIN_MILLIS = 1_000;
const QUIET_MILLIS = 120_000;

/** One run of tare, with all that is known of it afterwards. */
export interface Run extends ProcessEnd {
  readonly holder: string;
  readonly before: Store;
  /** Right at its end. */
  readonly after: Store;
  /** At the first write of the first Helm that it started. */
  readonly whenHelmStarted: Store | undefined;
  /** When its own upgrade began: nobody else's Helm is at work any more. */
  readonly whenUpgrading: Store | undefined;
  /** Some time later, with nobody at work. */
  readonly later: Store;
  readonly reports: ReadonlyArray<ReportEvent>;
  readonly helmCommands: ReadonlyArray<HelmInvocation>;
  /** Those of its own requests that came after its end. */
  readonly requestsAfterEnd: ReadonlyArray<LoggedRequest>;
  readonly helmLeftRunning: boolean;
  /** Writes of its own while the release's lock was not its own. */
  readonly unlockedWrites: ReadonlyArray<string>;
  /** Requests of its own, and of its Helm, that failed or hung. */
  readonly requests: ReadonlyArray<LoggedRequest>;
}

export interface Outcome {
  readonly story: Story;
  /** The run the story is about. */
  readonly first: Run;
  /** Started while the Helm of a killed run may still have been at work. */
  readonly impatient: Run | undefined;
  /** The next run in a healthy world, when the first did not succeed. */
  readonly next: Run | undefined;
  /** The same with `--recover`, when the release was left in a state that it refuses to touch. */
  readonly recovery: Run | undefined;
  readonly backups: number;
  /** All that were opened. */
  readonly streams: ReadonlyArray<FakeStream>;
  /** How the pods ended that are gone, by name. */
  readonly endings: ReadonlyMap<string, Ending>;
  /** Streams whose pod went from under them, and streams that found no pod. */
  readonly dropped: number;
  readonly refused: number;
  readonly trace: ReadonlyArray<TraceLine>;
  /** What the management plane shows after the doctor's last visits. */
  readonly rows: ReadonlyArray<string>;
}

const WRITES = new Set(["apply", "create", "replace", "patch", "delete"]);

/** The last thing that a run writes before its Helm. */
const GATE_OPENS = "apply ConfigMap tars-system/tare-gate-tars";

/** Writes that need the lock: not those that keep the lock itself. */
const needsLock = ({ actor, verb, kind, dryRun }: LoggedRequest): boolean =>
  actor === "tare" && WRITES.has(verb) && !dryRun && kind !== "Lease";

const observed = (
  simulation: Simulation,
  holder: string,
  go: () => ProcessEnd,
  linger: (end: ProcessEnd) => void,
): Run => {
  const { services } = simulation;
  const recorder = Context.get(services, Recorder);
  const helm = Context.get(services, FakeHelm);
  const before = storeOf(simulation);
  const reportsBefore = Effect.runSync(recorder.events).length;
  const commandsBefore = Effect.runSync(helm.invocations).length;
  const requestsBefore = simulation.requests.length;
  const unlockedWrites: Array<string> = [];
  let whenHelmStarted: Store | undefined;
  let whenUpgrading: Store | undefined;
  simulation.watch = (request) => {
    if (request.actor === "helm" && WRITES.has(request.verb) && whenHelmStarted === undefined) {
      whenHelmStarted = storeOf(simulation);
      if (simulation.story.world.replacesListeners === true) replaceListeners(simulation);
    }
    if (request.label === GATE_OPENS && request.actor === "tare") {
      whenUpgrading ??= storeOf(simulation);
    }
    if (needsLock(request) && holdersIn(storeOf(simulation)).get("tare-tars") !== holder) {
      unlockedWrites.push(request.label);
    }
  };
  const end = go();
  const after = storeOf(simulation);
  const requestsAtEnd = simulation.requests.length;
  const helmLeftRunning = helmRuns(simulation);
  simulation.watch = () => {};
  simulation.oversee = () => undefined;
  linger(end);
  return {
    ...end,
    holder,
    before,
    after,
    whenHelmStarted,
    whenUpgrading,
    later: storeOf(simulation),
    reports: Effect.runSync(recorder.events).slice(reportsBefore),
    helmCommands: Effect.runSync(helm.invocations).slice(commandsBefore),
    requestsAfterEnd: simulation.requests
      .slice(requestsAtEnd)
      .filter(({ actor }) => actor === "tare"),
    helmLeftRunning,
    unlockedWrites,
    requests: simulation.requests.slice(requestsBefore, requestsAtEnd),
  };
};

/** Whatever was broken is mended, and everybody who is still at work comes to an end. */
export const heal = (simulation: Simulation): void => {
  const { services, time } = simulation;
  simulation.oversee = () => undefined;
  const helm = Context.get(services, FakeHelm);
  const controller = Context.get(services, FakeEnvoyGateway);
  runIn(
    time,
    services,
    Effect.all([
      ...HELM_STEPS.map((step) => helm.breakStep(step, "", 0)),
      controller.setAwake(true),
      controller.reconcile,
      takeQuotasAway,
    ]),
  );
  // A Helm that has just been called starts before it can be seen.
  wait(simulation, HELM_STARTS_WITHIN_MILLIS);
  time.advanceUntil(() => !helmRuns(simulation), limitOf(simulation));
  wait(simulation, LEASE_MILLIS + QUIET_MILLIS);
};

/** Refusals of a world in which nothing befell the run: it would only be refused again. */
const REFUSALS = new Set([2, 10, 12, 14]);

const isRefusedForGood = ({ code, befallen }: ProcessEnd): boolean =>
  code !== undefined && REFUSALS.has(code) && befallen.struck.size === 0;

/** When a doctor looks after the history: not at all, once everything is over, or also whenever a run has ended. */
export type DoctorVisits = "never" | "last" | "throughout";

export const runStory = (story: Story, visits: DoctorVisits = "never"): Outcome => {
  const simulation = makeSimulation(story);
  openStreams(simulation);
  const first = observed(
    simulation,
    "tare-1",
    () => runProcess(simulation, "tare-1", optionsOf(story), story.faults),
    ({ how }) => {
      if (how === "ended") wait(simulation, QUIET_MILLIS);
    },
  );
  if (visits === "throughout") visit(simulation);
  const again = (holder: string, mended: boolean, recover = false): Run =>
    observed(
      simulation,
      holder,
      () =>
        runProcess(
          simulation,
          holder,
          {
            ...optionsOf(story, mended ? { _tag: "Local", path: MENDED_CHART } : undefined),
            recover,
          },
          [],
        ),
      () => wait(simulation, QUIET_MILLIS),
    );
  const impatient = first.how === "killed" && story.impatient ? again("tare-2", false) : undefined;
  if (visits === "throughout") visit(simulation);
  let next: Run | undefined;
  if (first.code !== 0 && !isRefusedForGood(first)) {
    heal(simulation);
    if (visits === "throughout") visit(simulation);
    next = again("tare-3", true);
  }
  const isStuck =
    next?.code === 13 || (next?.code === 11 && next.error?._tag !== "ReleaseNotFound");
  const recovery = isStuck ? again("tare-4", true, true) : undefined;
  const backups = Effect.runSync(Context.get(simulation.services, FakeBackups).saved).length;
  const streams = Context.get(simulation.services, FakeStreams);
  const [opened, dropped, refused, endings] = Effect.runSync(
    Effect.all([streams.all, streams.dropped, streams.refused, streams.endings]),
  );
  const rows = visits === "never" ? [] : lastVisits(simulation);
  simulation.dispose();
  return {
    rows,
    ...{ story, first, impatient, next, recovery, backups, refused },
    streams: opened,
    endings,
    dropped: dropped.length,
    trace: simulation.trace.lines(),
  };
};
