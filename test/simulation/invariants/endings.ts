/** How runs end, and what the next one finds. */
import { EnvoyProxy, numberAt } from "../../../src/domain/kube/objects.ts";
import { listed } from "../../fakes/cluster/store.ts";
import { holdersIn, recordsIn } from "../facts.ts";
import type { Outcome, Run } from "../run.ts";
import type { Story } from "../story.ts";
import { isLockedForEver } from "../world/hostile.ts";
import { hasNoWayBack, refusalOf } from "../world/obstacles.ts";
import { CARRIED } from "../world/values.ts";
import {
  disturbsCalls,
  helmCommands,
  type Invariant,
  isProxyEdit,
  ofEachRun,
  struck,
} from "./invariant.ts";
import { isMisled } from "./misled.ts";

const MINUTE = 60_000;
/** Reads before the first write, each bounded, some of them one after another; locks; CRDs; the event. */
const FIXED_BUDGET_MILLIS = 12 * MINUTE;

/** Helm, its own rollback, ours, and its verification each have the timeout; both gates may settle once more. */
const budgetMillis = ({ options }: Story, { befallen }: Run): number =>
  FIXED_BUDGET_MILLIS +
  4 * options.timeoutSeconds * 1_000 +
  2 * (options.settleSeconds * 1_000 + 10_000) +
  befallen.delayedMillis;

const disturbsLock = disturbsCalls(
  "Kubectl.replace",
  "Kubectl.create",
  "Kubectl.get",
  "ReleaseLock.acquire",
);

const leftBehind = (run: Run, { impatient }: Outcome): string | undefined => {
  if (run.how !== "ended") return undefined;
  // Beside the impatient one runs the Helm of the killed one.
  if (run.helmLeftRunning && run !== impatient) return "Helm still runs";
  const [request] = run.requestsAfterEnd;
  if (request !== undefined) return `${request.label} after its end`;
  const held = [...holdersIn(run.later)].find(([, holder]) => holder === run.holder);
  return held === undefined || struck(run, disturbsLock) ? undefined : `it still holds ${held[0]}`;
};

const isLost = (path: string): boolean => !CARRIED.some(([carried]) => carried === path);

/** A quota is gone by the next run; what is damaged or being deleted stays so. */
const lastingRefusals = (world: Story["world"]): ReadonlyArray<number> => {
  const refusal = world.inTheWay === "record-quota" ? undefined : refusalOf(world);
  return refusal === undefined ? [] : [refusal];
};

/** What this world refuses however often it is asked. */
const standingRefusals = ({ world, options }: Story): ReadonlySet<number> =>
  new Set([
    ...lastingRefusals(world),
    ...(isLockedForEver(world) ? [13] : []),
    ...(world.history === "absent" || world.history === "uninstalled" ? [11] : []),
    ...(world.history.startsWith("pending-") ? [13] : []),
    ...(typeof world.values["global.customer"] === "object" ? [2] : []),
    ...((world.values["global.dataplaneNamespace"] ?? "tars-dataplane") !==
    options.dataplaneNamespace
      ? [10]
      : []),
    // A downgrade: 1.1.5 is deployed there.
    ...(world.history === "unproven" && world.embeddedVersion === "1.1.0" ? [10] : []),
    ...(options.strictValues && Object.keys(world.values).some(isLost) ? [10] : []),
    // A hosted Redis would be swapped for an empty one.
    ...(world.values["redis.type"] === "hosted" ? [10] : []),
    ...(world.values["ha.enabled"] === false && !options.allowDowntime ? [12] : []),
    ...(["stored-version-would-go", "scope-would-change"].includes(world.crds) ? [14] : []),
  ]);

/**
 * The documented refusals of what a killed or broken run can leave: a revision that is pending, and a release of which
 * nothing is deployed.
 */
const documentedRefusal = (next: Run): number | undefined => {
  const records = recordsIn(next.before);
  if (records.at(-1)?.info.status.startsWith("pending-")) return 13;
  return records.some(({ info }) => info.status === "deployed") ? undefined : 11;
};

const notConverged = (outcome: Outcome): string | undefined => {
  const { story, next } = outcome;
  if (next === undefined || next.code === 0) return undefined;
  // What runs is newer then, and the CRDs are: --allow-downgrade is for an operator to give.
  if (next.error?._tag === "DowngradeRefused" && isMisled(next, outcome)) return undefined;
  if (next.code !== undefined && standingRefusals(story).has(next.code)) return undefined;
  // Without HA asked for, a first run may have left a single replica behind.
  if (next.code === 12 && !story.options.ha) return undefined;
  return next.code === documentedRefusal(next)
    ? undefined
    : `the next run ended with ${next.code} (${next.error?._tag}: ${next.error?.why.join("; ")})`;
};

/** What no recovery changes. */
const recoveryRefusals = ({ story, recovery }: Outcome): ReadonlySet<number> => {
  const codes = new Set(standingRefusals(story));
  if (!isLockedForEver(story.world)) codes.delete(13);
  // Nothing was ever good: there is nothing to go back to.
  const records = recovery === undefined ? [] : recordsIn(recovery.before);
  if (records.every(({ info }) => info.status === "uninstalled")) return new Set([11]);
  return codes;
};

const notRecovered = (outcome: Outcome): string | undefined => {
  const { story, recovery } = outcome;
  if (recovery === undefined || recovery.code === 0) return undefined;
  if (recovery.code === 12 && !story.options.ha) return undefined;
  return recovery.code !== undefined && recoveryRefusals(outcome).has(recovery.code)
    ? undefined
    : `the run with --recover ended with ${recovery.code} (${recovery.error?._tag}: ${recovery.error?.why.join("; ")})`;
};

/** A hook that fails belongs to no run, and is not among what struck it. */
const breaksRollback = ({ faults }: Story): boolean =>
  faults.some((fault) => fault._tag === "HelmStep" && fault.step === "pre-rollback hook");

const disturbsHa = disturbsCalls("Kubectl.list");

/** Of the settings that are in use: the release's own. */
const floorOf = (run: Run): number =>
  Math.min(
    ...listed(run.before, EnvoyProxy, undefined)
      .filter(({ metadata }) => metadata.name === "tars-egress")
      .map(
        (proxy) =>
          numberAt(proxy, "spec", "provider", "kubernetes", "envoyHpa", "minReplicas") ?? 1,
      ),
  );

/** Of pods of the old version and of the new one: a rollback drains those. */
const drainSeconds = ({ world, options }: Story): number => {
  const stored = world.values["shutdown.drainTimeout"];
  const installed = typeof stored === "string" ? Number.parseInt(stored, 10) : 300;
  return Math.min(installed, options.drainSeconds);
};

const lostStreams = ({ story, first, dropped, refused }: Outcome): string | undefined => {
  const floor = floorOf(first);
  const isHa = floor >= 2 && floor !== Number.POSITIVE_INFINITY && story.options.ha;
  const elsewhere = "global.dataplaneNamespace" in story.world.values;
  if (!isHa || elsewhere || story.world.streamSeconds >= drainSeconds(story)) return undefined;
  return dropped + refused === 0 ? undefined : `${dropped} dropped, ${refused} refused`;
};

export const endingInvariants: ReadonlyArray<Invariant> = [
  {
    name: "nothing-is-left-running",
    what: "When a run has ended, no Helm of its own runs, no request of its own comes after it, and its locks are free.",
    why: "What goes on unseen collides with the next run.",
    check: ofEachRun(leftBehind),
  },
  {
    name: "ends-within-its-budgets",
    what: "A run ends within the sum of its declared budgets and of the time that the faults took.",
    why: "A run that never ends holds its lock and somebody's night.",
    check: ofEachRun((run, { story }) => {
      if (run.how === "killed") return undefined;
      const took = run.endedAt - run.startedAt;
      return run.how === "ended" && took <= budgetMillis(story, run)
        ? undefined
        : `${run.how} after ${Math.round(took / 1_000)} s`;
    }),
  },
  {
    name: "a-healthy-cluster-is-never-broken",
    what: "Where nothing failed and nobody interfered, no run ends with 21, whatever was edited by hand before it.",
    why: "One field that somebody else owns must not leave a release that only an expert can bring back.",
    check: ofEachRun((run, { story }) =>
      run.code === 21 &&
      run.befallen.struck.size === 0 &&
      !breaksRollback(story) &&
      !hasNoWayBack(story.world)
        ? run.error?.why.join("; ")
        : undefined,
    ),
  },
  {
    name: "no-defects",
    what: "A run never ends with an internal error.",
    why: "Typed errors are the only failures: everything else has no exit code, no cause and no next command.",
    check: ofEachRun((run) => (run.code === 1 ? String(run.exit) : undefined)),
  },
  {
    name: "the-next-run-converges",
    what: "After a killed, interrupted or failed run, the next one in a healthy world succeeds, or refuses as documented: what this world always refuses, a pending revision (13), nothing deployed (11).",
    why: "A night that went wrong must not need an expert.",
    check: notConverged,
  },
  {
    name: "recovery-converges",
    what: "What the next run refuses because a revision is pending or nothing is deployed, a run with --recover brings back and upgrades.",
    why: "A release that is stuck for ever is the oldest complaint about Helm.",
    check: notRecovered,
  },
  {
    name: "one-helm-at-a-time",
    what: "Right after a kill another run never starts Helm while the Helm of the killed run is still at work.",
    why: "Two of them leave a mixture that neither recorded.",
    check: ({ first, impatient }) => {
      const beside = impatient?.helmCommands.find(({ besideAnother }) => besideAnother);
      return beside === undefined || struck(first, disturbsLock)
        ? undefined
        : `helm ${beside.args[0]} beside a killed run's`;
    },
  },
  {
    name: "no-stream-is-dropped",
    what: "With two replicas or more, before and after, and a drain time longer than the streams, no stream is dropped and none finds the data plane closed.",
    why: "It is what the tool is for.",
    check: lostStreams,
  },
  {
    name: "single-replica-needs-a-word",
    what: "A data plane with a floor of one replica is not upgraded without --allow-downtime, when it can be read.",
    why: "Rolling the only pod drops every stream on it.",
    check: ofEachRun((run, { story }) =>
      helmCommands(run, "upgrade").length > 0 &&
      floorOf(run) < 2 &&
      !story.options.allowDowntime &&
      !struck(run, disturbsHa) &&
      !struck(run, isProxyEdit)
        ? "Helm was started"
        : undefined,
    ),
  },
];
