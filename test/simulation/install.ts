/** Installations in the simulation: one that things befall, the next one in a healthy world, and those that come after it. */
import { Effect } from "effect";
import type { InstallOptions } from "../../src/domain/install/options.ts";
import { DEFAULT_INSTALL_OPTIONS } from "../../src/domain/install/options.ts";
import { type JsonObject, jsonEquals } from "../../src/domain/kube/json.ts";
import type { KubeObject } from "../../src/domain/kube/objects.ts";
import type { ChartReference } from "../../src/domain/run/upgrade-options.ts";
import type { InstallError } from "../../src/errors.ts";
import { type InstallOutcome, install } from "../../src/operations/install.ts";
import type { Store } from "../fakes/cluster/store.ts";
import { allObjects } from "../fakes/index.ts";
import { drawStory } from "./draw.ts";
import { recordsIn } from "./facts.ts";
import { type EndOf, runWork } from "./process.ts";
import { heal } from "./run.ts";
import { makeSimulation, type Simulation, storeOf, wait } from "./simulation.ts";
import type { Story } from "./story.ts";
import { MENDED_CHART } from "./world/charts.ts";
import { identityOf, optionsOf } from "./world/inputs.ts";

const QUIET_MILLIS = 120_000;

type InstallEnd = EndOf<InstallOutcome, InstallError>;

/** On a cluster that never had the release, where nothing but what is drawn to happen is in the way. */
export const drawInstall = (seed: number): Story => {
  const { world, ...story } = drawStory(seed);
  const { helm, kubernetes, values, crds, metrics, embeddedVersion, workloads, envoy } = world;
  const { streamSeconds, rateLimiter = "good" } = world;
  return {
    ...story,
    options: { ...story.options, dataplaneNamespace: "tars-dataplane" },
    world: {
      ...{ helm, kubernetes, values, crds, metrics, embeddedVersion, workloads, envoy },
      // Of a hook that only upgrades run, an installation knows nothing.
      ...{ streamSeconds, rateLimiter, hook: "good", history: "absent" },
    },
  };
};

const installOptions = (story: Story, chart?: ChartReference): InstallOptions => ({
  ...DEFAULT_INSTALL_OPTIONS,
  ...optionsOf(story, chart),
  yes: true,
});

/** These stay: they are nobody's alone, or tell of what was. */
const STAY = new Set(["APIService", "CustomResourceDefinition", "Event", "Lease", "Namespace"]);

/** A pod that has been deleted ends in its own time. */
const isGoing = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

const leftIn = (store: Store): ReadonlyArray<string> =>
  allObjects(store)
    .filter((object) => !STAY.has(object.kind) && !isGoing(object))
    .filter(({ metadata: { name } }) => !name.startsWith("tare-"))
    .map(({ kind, metadata: { name } }) => `${kind} ${name}`);

const storedIn = (store: Store): JsonObject => recordsIn(store).at(-1)?.config ?? {};

/** After these the run has said that nothing of the release is there. */
const REMOVED = new Set([20, 23, 130]);
/** Refusals of a world in which nothing befell the run: it would only be refused again. */
const REFUSED = new Set([2, 10, 12, 14]);

/** What was drawn to be given lacks a value, or the CRDs that were there are in a state that no run may change. */
const REFUSED_AGAIN = new Set([2, 14]);

export interface InstallStory {
  readonly ending: string;
  readonly violations: ReadonlyArray<string>;
}

const ran = (
  simulation: Simulation,
  holder: string,
  options: InstallOptions,
  faults: Story["faults"] = [],
): InstallEnd => {
  const end = runWork(
    simulation,
    holder,
    (ports) => Effect.provideContext(install(options, identityOf(simulation.story)), ports),
    faults,
  );
  if (end.how === "ended") wait(simulation, QUIET_MILLIS);
  return end;
};

const endingOf = ({ how, code }: InstallEnd): string => (how === "ended" ? `exit ${code}` : how);

/** With all values as they are, and with one that is asked for. */
const rerun = (simulation: Simulation, options: InstallOptions): ReadonlyArray<string> => {
  const plain: InstallOptions = { ...options, carriedFlags: new Map(), decided: [] };
  const before = storedIn(storeOf(simulation));
  const count = recordsIn(storeOf(simulation)).length;
  const idle = ran(simulation, "tare-4", plain);
  const afterIdle = recordsIn(storeOf(simulation)).length;
  const named = ran(simulation, "tare-5", {
    ...{ ...plain, carriedFlags: new Map([["customer", "of-the-re-run"]]), allowDowntime: true },
  });
  const global = { ...(before.global as JsonObject), customer: "of-the-re-run" };
  const after = storedIn(storeOf(simulation));
  return [
    ...(idle.code === 0 && afterIdle === count
      ? []
      : [`a re-run did something: ${endingOf(idle)}`]),
    ...(named.code === 0 && jsonEquals(after, { ...before, global })
      ? []
      : [`a re-run with a flag lost a value: ${endingOf(named)}: ${named.error?.message}`]),
  ];
};

/** What must hold of every installation, whatever befalls it. */
export const runInstallStory = (story: Story): InstallStory => {
  const simulation = makeSimulation(story);
  const first = ran(simulation, "tare-1", installOptions(story), story.faults);
  const violations: Array<string> = [];
  const { code } = first;
  const wasLeft = leftIn(storeOf(simulation));
  if (first.how === "stuck") violations.push("the run never ended");
  if (code === 1) violations.push("the run ended with a defect");
  if (code !== undefined && REMOVED.has(code) && story.options.atomic && wasLeft.length > 0) {
    violations.push(`exit ${code}, and there is ${wasLeft.join(", ")}`);
  }
  const isRefused = code !== undefined && REFUSED.has(code) && first.befallen.struck.size === 0;
  if (!isRefused) {
    let last: InstallEnd = first;
    const chart = { _tag: "Local", path: MENDED_CHART } as const;
    const options = installOptions(story, code === 0 ? undefined : chart);
    heal(simulation);
    if (code !== 0) {
      last = ran(simulation, "tare-3", { ...options, recover: true });
      if (last.code !== 0 && !REFUSED_AGAIN.has(last.code ?? 1)) {
        violations.push(
          `after ${endingOf(first)} the next one ended with ${endingOf(last)}: ${last.error?.message}`,
        );
      }
    }
    if (last.code === 0) violations.push(...rerun(simulation, options));
  }
  simulation.dispose();
  return { ending: endingOf(first), violations };
};
