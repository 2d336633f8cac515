/** What an operator sees of a rollout: one entry for each workload. */

import { type KubeObject, numberAt } from "../kube/objects.ts";
import type { DeploymentProgress, IsEarlier } from "./data-plane.ts";
import { dataPlaneEntries, type Entry } from "./expectation.ts";
import { creationTrouble } from "./trouble/creation-trouble.ts";
import { hasEnded, lacksPods } from "./trouble/lacking-pods.ts";
import {
  bySeverity,
  podTrouble,
  type ToldOfPod,
  type ToldTrouble,
  type Trouble,
} from "./trouble/pod-trouble.ts";
import { limiterEntries } from "./trouble/rate-limiter.ts";
import type { WaitingFor } from "./trouble/waiting-for.ts";
import { currentGeneration, podsOf, type RolloutView, type Workload } from "./view.ts";
import type { WorkloadGroup } from "./workload-group.ts";
import { updatedPods, workloadProgress } from "./workload-progress.ts";

export interface WorkloadProgress extends DeploymentProgress {
  readonly group: WorkloadGroup;
  /** Pods of the current template, ready or not. */
  readonly updated: number;
  /** Pods on their way out, which may still be serving streams. */
  readonly draining: number;
  /** What keeps a new pod from being ready. */
  readonly lastEvent: ToldTrouble | undefined;
}

/** A pod of the current template that is not ready, and why. */
export interface PodInTrouble {
  readonly workload: Workload;
  /** Of the template its pods are made from. */
  readonly generation: string;
  /** `undefined` where no pod could be made. */
  readonly pod: KubeObject | undefined;
  readonly trouble: Trouble;
}

/** By the UIDs of pods, and of workloads that lack theirs. */
export type ToldOfPods = ReadonlyMap<string, ToldOfPod>;

const troublesOf = (
  workload: Workload,
  view: RolloutView,
  told: ToldOfPods,
): ReadonlyArray<PodInTrouble> => {
  const generation = currentGeneration(workload, view);
  if (generation === undefined) return [];
  const found = podsOf(workload, view)
    .filter(generation.owns)
    .flatMap((pod) => {
      const trouble = podTrouble(pod, told.get(pod.metadata.uid ?? ""));
      return trouble === undefined ? [] : [{ workload, generation: generation.id, pod, trouble }];
    });
  // What was said of pods that are there by now is over.
  const said = lacksPods(workload, view) ? told.get(workload.object.metadata.uid ?? "") : undefined;
  const creation = creationTrouble(workload.object, said);
  return creation === undefined
    ? found
    : [...found, { workload, generation: generation.id, pod: undefined, trouble: creation }];
};

/** All pods of current templates that are not ready, the worst first. */
export const podsInTrouble = (view: RolloutView, told: ToldOfPods): ReadonlyArray<PodInTrouble> =>
  view.workloads
    .flatMap((workload) => troublesOf(workload, view, told))
    .sort((left, right) => bySeverity(left.trouble, right.trouble));

/** An empty Deployment of the release is as its chart wants it; an empty data plane serves no traffic. */
const releaseEntry = (object: KubeObject, isEarlier: IsEarlier): Entry => {
  const progress = workloadProgress(object, isEarlier);
  const isEmpty = object.kind === "Deployment" && progress.desired === 0;
  const waitingFor = isEmpty ? undefined : progress.waitingFor;
  return { progress: { ...progress, waitingFor }, object, stale: false };
};

/** A Job's pods are wanted until they have ended, so what counts is how many have ended well. */
const hookEntry = (job: KubeObject): Entry => {
  const desired = numberAt(job, "spec", "completions") ?? 1;
  const ready = numberAt(job, "status", "succeeded") ?? 0;
  const waitingFor: WaitingFor | undefined =
    ready < desired ? { _tag: "PodsFinished", count: ready, desired } : undefined;
  return {
    progress: { name: job.metadata.name, ready, desired, waitingFor },
    object: job,
    stale: false,
  };
};

export interface GroupedEntry extends Entry {
  readonly group: WorkloadGroup;
}

/** By which something that should be there and is not can be found again. */
export const missingKey = ({ group, progress }: GroupedEntry): string =>
  `${group} ${progress.name}`;

/**
 * Everything there is, and everything that should be: the data plane first, it is what the upgrade is about.
 * @param earlier templates that were current before the run: what keeps their pods is not the new ones' doing
 */
export const entriesOf = (
  view: RolloutView,
  earlier: ReadonlySet<string> = new Set(),
): ReadonlyArray<GroupedEntry> => {
  const isEarlier: IsEarlier = (object) => {
    const workload = view.workloads.find((one) => one.object === object);
    const generation = workload && currentGeneration(workload, view);
    return generation !== undefined && earlier.has(generation.id);
  };
  const objectsOf = (group: WorkloadGroup) =>
    view.workloads.filter((one) => one.group === group).map(({ object }) => object);
  const hooks = objectsOf("hook").filter((job) => !hasEnded(job));
  const named = (group: WorkloadGroup, entries: ReadonlyArray<Entry>) =>
    entries.map((entry) => ({ ...entry, group }));
  return [
    ...named("data-plane", dataPlaneEntries(view, objectsOf("data-plane"), isEarlier)),
    ...named(
      "envoy-gateway",
      limiterEntries(view.controllerSettings, objectsOf("envoy-gateway"), view, isEarlier),
    ),
    ...named("hook", hooks.map(hookEntry)),
    ...named(
      "release",
      objectsOf("release").map((object) => releaseEntry(object, isEarlier)),
    ),
  ];
};

/** No more than the first line of it: what changes below is no news. */
const toldOf = ({ reason, detail, ended }: Trouble): ToldTrouble => {
  const [line = ""] = detail.split("\n");
  const [message, ...more] = ended?.message?.split("\n") ?? [];
  if (ended === undefined || more.length === 0) return { reason, detail: line, ended };
  const { code, reason: word } = ended;
  return { reason, detail: line, ended: { code, reason: word, message } };
};

export const rolloutProgress = (
  view: RolloutView,
  troubles: ReadonlyArray<PodInTrouble>,
  earlier: ReadonlySet<string>,
): ReadonlyArray<WorkloadProgress> =>
  entriesOf(view, earlier).map(({ group, object, progress }) => {
    const workload = view.workloads.find((one) => one.object === object);
    const pods = workload === undefined ? [] : podsOf(workload, view);
    const worst = troubles.find((one) => one.workload === workload);
    return {
      ...progress,
      group,
      updated: group === "hook" ? progress.desired : updatedPods(object),
      draining: pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).length,
      lastEvent: worst === undefined ? undefined : toldOf(worst.trouble),
    };
  });
