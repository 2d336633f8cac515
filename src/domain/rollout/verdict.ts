/** Whether a rollout can still end well, and whether it has. */
import { Duration } from "effect";
import { EnvoyProxy, type KubeObject, Pod } from "../kube/objects.ts";
import { proxyOfDeployment } from "./baseline/gateways.ts";
import type { PodInTrouble } from "./progress.ts";
import { type Severity, type Trouble, troubleClass } from "./trouble/pod-trouble.ts";
import { currentGeneration, keyOfObject, type RolloutView } from "./view.ts";

/** The cluster as it was before anything of the upgrade was written. */
export interface Baseline {
  /** Templates that were current then: their pods are not the upgrade's. */
  readonly generations: ReadonlySet<string>;
  /** `metadata.generation` by object; UIDs are part of the key, so that a replaced object is another one. */
  readonly specs: ReadonlyMap<string, number>;
}

const specKey = (object: KubeObject): string => `${keyOfObject(object)} ${object.metadata.uid}`;

const generationOf = (object: KubeObject): number => object.metadata.generation ?? 0;

/** Whatever a hook does, no controller makes anything of the hook itself. */
const watched = (view: RolloutView): ReadonlyArray<KubeObject> => [
  ...view.workloads.filter(({ group }) => group !== "hook").map(({ object }) => object),
  ...view.envoyProxies,
  ...view.gateways,
  ...view.gatewayClasses,
];

export const takeBaseline = (view: RolloutView): Baseline => ({
  generations: new Set(
    view.workloads.flatMap((workload) => currentGeneration(workload, view)?.id ?? []),
  ),
  specs: new Map(watched(view).map((object) => [specKey(object), generationOf(object)])),
});

/** Without the hooks of earlier runs, which failed ones leave behind. */
export const withoutOldHooks = (view: RolloutView, { generations }: Baseline): RolloutView => ({
  ...view,
  workloads: view.workloads.filter(
    ({ group, object }) => group !== "hook" || !generations.has(object.metadata.uid ?? ""),
  ),
});

const hasChanged = ({ specs }: Baseline, object: KubeObject): boolean =>
  specs.get(specKey(object)) !== generationOf(object);

/** What an EnvoyProxy asks for concerns the proxies that are made from it, and no others. */
const isAbout = (view: RolloutView, cause: KubeObject, proxy: KubeObject): boolean =>
  cause.kind !== EnvoyProxy.kind || proxyOfDeployment(view, proxy) === cause;

/**
 * A controller that was restarted, or whose settings changed, may yet make something new of what it has: until a Deployment
 * of its has changed nothing shows that it has looked. What the EnvoyProxy asks for is compared directly, the rest is not.
 */
export const mayStillChange = (baseline: Baseline, view: RolloutView): boolean => {
  const proxies = view.workloads.filter(({ group }) => group === "data-plane");
  // What the rate limiter is made from is compared directly as well.
  const made = view.workloads.filter(({ group }) => group !== "release");
  const causes = watched(view)
    .filter((object) => !made.some((one) => one.object === object))
    .filter((object) => hasChanged(baseline, object));
  return proxies.some(
    ({ object }) =>
      !hasChanged(baseline, object) && causes.some((cause) => isAbout(view, cause, object)),
  );
};

const LONGEST_QUIET = Duration.seconds(60);

/** How long a data plane must stay as it is while its controller may still have to look at it. */
export const quietTime = (settleTime: Duration.Duration): Duration.Duration =>
  Duration.max(settleTime, Duration.min(LONGEST_QUIET, Duration.times(settleTime, 4)));

/** What was found in the middle of a rollout looks as ailing as what will never be well. */
const SHORTEST_EXCUSE = Duration.seconds(15);

/** How long a data plane must stay as it is that need not be well: one that is about to be well gets the time for it. */
export const excusedQuiet = (settleTime: Duration.Duration): Duration.Duration =>
  Duration.max(quietTime(settleTime), SHORTEST_EXCUSE);

/** Since when each trouble has been seen, in Clock milliseconds. */
export type TroubleTimes = ReadonlyMap<string, number>;

const troubleKey = ({ workload, generation, trouble }: PodInTrouble): string =>
  `${keyOfObject(workload.object)} ${generation} ${trouble.kind} ${trouble.container ?? ""}`;

/** A trouble that is gone is forgotten: one that comes back starts again. */
export const noteTroubles = (
  before: TroubleTimes,
  troubles: ReadonlyArray<PodInTrouble>,
  nowMillis: number,
): TroubleTimes =>
  new Map(
    troubles.map((one) => [troubleKey(one), before.get(troubleKey(one)) ?? nowMillis] as const),
  );

/** The trouble that ends the rollout: of a new template, and past its grace time. */
export const fatalTrouble = (
  troubles: ReadonlyArray<PodInTrouble>,
  times: TroubleTimes,
  baseline: Baseline,
  nowMillis: number,
): PodInTrouble | undefined =>
  troubles.find(
    (one) =>
      !baseline.generations.has(one.generation) &&
      nowMillis - (times.get(troubleKey(one)) ?? nowMillis) >=
        troubleClass(one.trouble.kind).graceSeconds * 1000,
  );

/** When the next grace time ends, in Clock milliseconds; infinite when none is running. */
export const nextGraceEnd = (
  troubles: ReadonlyArray<PodInTrouble>,
  times: TroubleTimes,
  nowMillis: number,
): number =>
  Math.min(
    ...troubles
      .map(
        (one) =>
          (times.get(troubleKey(one)) ?? nowMillis) +
          troubleClass(one.trouble.kind).graceSeconds * 1000,
      )
      .filter((end) => end > nowMillis),
  );

/** What ends a rollout. */
export interface RootCause {
  /** The pod, or where none could be made, the workload that lacks it. */
  readonly subject: {
    readonly kind: string;
    readonly namespace: string | undefined;
    readonly name: string;
  };
  readonly trouble: Trouble;
  /** Set when the image does not exist: it has to be brought to the registry first. */
  readonly missingImage: string | undefined;
}

export const rootCause = ({ workload, pod, trouble }: PodInTrouble): RootCause => {
  const { kind, metadata } = workload.object;
  const { namespace } = metadata;
  return {
    subject:
      pod === undefined
        ? { kind, namespace, name: metadata.name }
        : { kind: Pod.kind, namespace, name: pod.metadata.name },
    trouble,
    missingImage: trouble.kind === "image-not-found" ? trouble.image : undefined,
  };
};

/** The likeliest reason for a rollout that does not get anywhere. */
export interface Suspicion {
  readonly cause: RootCause;
  readonly severity: Severity;
  /** The workload's key and the template it is about. */
  readonly workload: string;
  readonly generation: string;
}

const RANK: Readonly<Record<Severity, number>> = { fatal: 0, lasting: 1, transient: 2 };

/**
 * What is wrong now outweighs what was, unless it is less bad: pods that are just being replaced say nothing of those that
 * failed before them. A template whose pods are all ready has proven itself; one that was rolled back has not.
 */
export const suspect = (
  before: Suspicion | undefined,
  troubles: ReadonlyArray<PodInTrouble>,
  view: RolloutView,
): Suspicion | undefined => {
  const [worst] = troubles;
  const isAboutBefore = ({ workload, generation }: PodInTrouble) =>
    keyOfObject(workload.object) === before?.workload && generation === before.generation;
  const isProven =
    !troubles.some(isAboutBefore) &&
    view.workloads.some(
      (workload) =>
        keyOfObject(workload.object) === before?.workload &&
        currentGeneration(workload, view)?.id === before.generation,
    );
  const standing = isProven ? undefined : before;
  if (worst === undefined) return standing;
  const { severity } = troubleClass(worst.trouble.kind);
  if (standing !== undefined && RANK[standing.severity] < RANK[severity]) return standing;
  const workload = keyOfObject(worst.workload.object);
  return { cause: rootCause(worst), severity, workload, generation: worst.generation };
};
