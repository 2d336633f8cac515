/** What an operator sees of a rollout: one entry for each workload. */
import {
  type DeploymentProgress,
  deploymentProgress,
  type NameTemplate,
  newTemplate,
} from "../data-plane.ts";
import { type KubeObject, numberAt, stringAt } from "../kube.ts";
import { creationTrouble } from "./creation-trouble.ts";
import { expectedProgress } from "./expectation.ts";
import { bySeverity, podTrouble, type ToldOfPod, type Trouble } from "./pod-trouble.ts";
import { limiterProgress } from "./rate-limiter.ts";
import {
  conditionsOf,
  currentGeneration,
  podsOf,
  type RolloutView,
  type Workload,
  type WorkloadGroup,
} from "./view.ts";

export interface WorkloadProgress extends DeploymentProgress {
  readonly group: WorkloadGroup;
  /** Pods of the current template, ready or not. */
  readonly updated: number;
  /** Pods on their way out, which may still be serving streams. */
  readonly draining: number;
  /** What keeps a new pod from being ready, in Kubernetes' words. */
  readonly lastEvent: string | undefined;
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

/** By the UIDs of pods. */
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
  const creation = creationTrouble(workload.object);
  return creation === undefined
    ? found
    : [...found, { workload, generation: generation.id, pod: undefined, trouble: creation }];
};

/** All pods of current templates that are not ready, the worst first. */
export const podsInTrouble = (view: RolloutView, told: ToldOfPods): ReadonlyArray<PodInTrouble> =>
  view.workloads
    .flatMap((workload) => troublesOf(workload, view, told))
    .sort((left, right) => bySeverity(left.trouble, right.trouble));

const statefulSetProgress = (set: KubeObject, nameTemplate = newTemplate): DeploymentProgress => {
  const desired = numberAt(set, "spec", "replicas") ?? 1;
  const status = (field: string) => numberAt(set, "status", field) ?? 0;
  const updated =
    stringAt(set, "status", "updateRevision") === stringAt(set, "status", "currentRevision")
      ? desired
      : status("updatedReplicas");
  const waitingFor =
    status("observedGeneration") < (set.metadata.generation ?? 0)
      ? "its newest specification has not been observed"
      : updated < desired
        ? `${updated} of ${desired} pods run ${nameTemplate(set)}`
        : status("readyReplicas") < desired
          ? `${status("readyReplicas")} of ${desired} pods are ready`
          : undefined;
  return { name: set.metadata.name, ready: status("readyReplicas"), desired, waitingFor };
};

/** An empty Deployment of the release is as its chart wants it; an empty data plane serves nobody. */
const releaseProgress = ({ object }: Workload, nameTemplate: NameTemplate): DeploymentProgress => {
  if (object.kind === "StatefulSet") return statefulSetProgress(object, nameTemplate);
  const progress = deploymentProgress(object, undefined, nameTemplate);
  return progress.desired === 0 ? { ...progress, waitingFor: undefined } : progress;
};

const COMPLETION = new Set(["Complete", "SuccessCriteriaMet", "Failed", "FailureTarget"]);

const hasEnded = (job: KubeObject): boolean =>
  conditionsOf(job).some(
    (condition) =>
      COMPLETION.has(stringAt(condition, "type") ?? "") && stringAt(condition, "status") === "True",
  );

/** A Job's pods are wanted until they have ended, so what counts is how many have ended well. */
const hookProgress = (job: KubeObject): DeploymentProgress => {
  const desired = numberAt(job, "spec", "completions") ?? 1;
  const ready = numberAt(job, "status", "succeeded") ?? 0;
  return {
    name: job.metadata.name,
    ready,
    desired,
    waitingFor: ready < desired ? `${ready} of ${desired} pods have finished` : undefined,
  };
};

const updatedPods = (object: KubeObject | undefined): number => {
  const desired = numberAt(object, "spec", "replicas") ?? 1;
  const observed = numberAt(object, "status", "observedGeneration") ?? 0;
  if (object === undefined || observed < (object.metadata.generation ?? 0)) return 0;
  // A StatefulSet at rest counts none.
  const isSet = object.kind === "StatefulSet";
  const atRest = isSet && statefulSetProgress(object).waitingFor === undefined;
  return atRest ? desired : (numberAt(object, "status", "updatedReplicas") ?? 0);
};

const shortReason = ({ reason, detail }: Trouble): string =>
  detail === "" ? reason : `${reason}: ${detail.split("\n")[0]}`;

/**
 * The data plane first: it is what the upgrade is about.
 * @param earlier templates that were current before the run: what keeps their pods is not the new ones' doing
 */
export const rolloutProgress = (
  view: RolloutView,
  troubles: ReadonlyArray<PodInTrouble>,
  earlier: ReadonlySet<string>,
): ReadonlyArray<WorkloadProgress> => {
  const nameTemplate: NameTemplate = (object) => {
    const workload = view.workloads.find((one) => one.object === object);
    const generation = workload && currentGeneration(workload, view);
    return generation !== undefined && earlier.has(generation.id)
      ? "the template of before this run"
      : newTemplate(object);
  };
  const ofGroup = (group: WorkloadGroup) =>
    view.workloads.filter((workload) => workload.group === group);
  const extra = (name: string, group: WorkloadGroup) => {
    const workload = ofGroup(group).find(({ object }) => object.metadata.name === name);
    const pods = workload === undefined ? [] : podsOf(workload, view);
    const worst = troubles.find((one) => one.workload === workload);
    return {
      group,
      updated: updatedPods(workload?.object),
      draining: pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).length,
      lastEvent: worst === undefined ? undefined : shortReason(worst.trouble),
    };
  };
  const objectsOf = (group: WorkloadGroup) => ofGroup(group).map(({ object }) => object);
  const dataPlane = expectedProgress(view, objectsOf("data-plane"), nameTemplate);
  const limiter = limiterProgress(
    view.controllerSettings,
    objectsOf("envoy-gateway"),
    nameTemplate,
  );
  return [
    ...dataPlane.map((one) => ({ ...one, ...extra(one.name, "data-plane") })),
    ...limiter.map((one) => ({ ...one, ...extra(one.name, "envoy-gateway") })),
    ...ofGroup("hook")
      .map(({ object }) => object)
      .filter((job) => !hasEnded(job))
      .map((job) => {
        const progress = hookProgress(job);
        return { ...progress, ...extra(progress.name, "hook"), updated: progress.desired };
      }),
    ...ofGroup("release").map((workload) => {
      const progress = releaseProgress(workload, nameTemplate);
      return { ...progress, ...extra(progress.name, "release") };
    }),
  ];
};
