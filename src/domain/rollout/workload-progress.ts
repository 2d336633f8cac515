/** Whether workloads of each kind are where they should be. */

import {
  DaemonSet,
  fieldAt,
  type KubeObject,
  numberAt,
  StatefulSet,
  stringAt,
} from "../kube/objects.ts";
import {
  allNew,
  type DeploymentProgress,
  deploymentProgress,
  type IsEarlier,
} from "./data-plane.ts";
import type { WaitingFor } from "./trouble/waiting-for.ts";

const statusOf = (object: KubeObject) => (field: string) => numberAt(object, "status", field) ?? 0;

export const isObserved = (object: KubeObject): boolean =>
  statusOf(object)("observedGeneration") >= (object.metadata.generation ?? 0);

const statefulSetProgress = (set: KubeObject, isEarlier = allNew): DeploymentProgress => {
  const desired = numberAt(set, "spec", "replicas") ?? 1;
  const status = statusOf(set);
  const updated =
    stringAt(set, "status", "updateRevision") === stringAt(set, "status", "currentRevision")
      ? desired
      : status("updatedReplicas");
  const ready = status("readyReplicas");
  const waiting = (): WaitingFor | undefined => {
    if (!isObserved(set)) return { _tag: "Unobserved" };
    if (updated < desired) {
      return { _tag: "PodsUpdated", count: updated, desired, isEarlier: isEarlier(set) };
    }
    return ready < desired ? { _tag: "PodsReady", count: ready, desired } : undefined;
  };
  return { name: set.metadata.name, ready, desired, waitingFor: waiting() };
};

/** A proxy on each node that has a place for one, which may be none. */
const daemonSetProgress = (set: KubeObject, isEarlier: IsEarlier): DeploymentProgress => {
  const status = statusOf(set);
  const desired = status("desiredNumberScheduled");
  const replacedByHand = stringAt(set, "spec", "updateStrategy", "type") === "OnDelete";
  const updated = replacedByHand ? desired : status("updatedNumberScheduled");
  const [ready, available] = [status("numberReady"), status("numberAvailable")];
  const waiting = (): WaitingFor | undefined => {
    if (!isObserved(set)) return { _tag: "Unobserved" };
    if (updated < desired) {
      return { _tag: "PodsUpdated", count: updated, desired, isEarlier: isEarlier(set) };
    }
    if (ready < desired) return { _tag: "PodsReady", count: ready, desired };
    return available < desired ? { _tag: "PodsAvailable", count: available, desired } : undefined;
  };
  return { name: set.metadata.name, ready, desired, waitingFor: waiting() };
};

export const workloadProgress = (object: KubeObject, isEarlier = allNew): DeploymentProgress => {
  switch (object.kind) {
    case StatefulSet.kind:
      return statefulSetProgress(object, isEarlier);
    case DaemonSet.kind:
      return daemonSetProgress(object, isEarlier);
    default:
      return deploymentProgress(object, isEarlier);
  }
};

/** Pods of the current template, ready or not. */
export const updatedPods = (object: KubeObject | undefined): number => {
  if (object === undefined || !isObserved(object)) return 0;
  if (object.kind === DaemonSet.kind) return statusOf(object)("updatedNumberScheduled");
  // A StatefulSet at rest counts none.
  const isSet = object.kind === StatefulSet.kind;
  const atRest = isSet && statefulSetProgress(object).waitingFor === undefined;
  return atRest ? (numberAt(object, "spec", "replicas") ?? 1) : statusOf(object)("updatedReplicas");
};

export const isPaused = (object: KubeObject): boolean => fieldAt(object, "spec", "paused") === true;

/** Who pauses a Deployment wants its pods as they are, whatever its template. */
export const pausedProgress = (deployment: KubeObject): DeploymentProgress => {
  const progress = deploymentProgress(deployment);
  const { ready, desired } = progress;
  return {
    ...progress,
    waitingFor: ready < desired ? { _tag: "PodsReady", count: ready, desired } : undefined,
  };
};
