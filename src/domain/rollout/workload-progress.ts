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
  type DeploymentProgress,
  deploymentProgress,
  type NameTemplate,
  newTemplate,
} from "./data-plane.ts";

const statusOf = (object: KubeObject) => (field: string) => numberAt(object, "status", field) ?? 0;

export const isObserved = (object: KubeObject): boolean =>
  statusOf(object)("observedGeneration") >= (object.metadata.generation ?? 0);

const UNOBSERVED = "its newest specification has not been observed";

const statefulSetProgress = (set: KubeObject, nameTemplate = newTemplate): DeploymentProgress => {
  const desired = numberAt(set, "spec", "replicas") ?? 1;
  const status = statusOf(set);
  const updated =
    stringAt(set, "status", "updateRevision") === stringAt(set, "status", "currentRevision")
      ? desired
      : status("updatedReplicas");
  const waitingFor = !isObserved(set)
    ? UNOBSERVED
    : updated < desired
      ? `${updated} of ${desired} pods run ${nameTemplate(set)}`
      : status("readyReplicas") < desired
        ? `${status("readyReplicas")} of ${desired} pods are ready`
        : undefined;
  return { name: set.metadata.name, ready: status("readyReplicas"), desired, waitingFor };
};

/** A proxy on each node that has a place for one, which may be none. */
const daemonSetProgress = (set: KubeObject, nameTemplate: NameTemplate): DeploymentProgress => {
  const status = statusOf(set);
  const desired = status("desiredNumberScheduled");
  const replacedByHand = stringAt(set, "spec", "updateStrategy", "type") === "OnDelete";
  const updated = replacedByHand ? desired : status("updatedNumberScheduled");
  const waitingFor = !isObserved(set)
    ? UNOBSERVED
    : updated < desired
      ? `${updated} of ${desired} pods run ${nameTemplate(set)}`
      : status("numberReady") < desired
        ? `${status("numberReady")} of ${desired} pods are ready`
        : status("numberAvailable") < desired
          ? `${status("numberAvailable")} of ${desired} pods are available`
          : undefined;
  return { name: set.metadata.name, ready: status("numberReady"), desired, waitingFor };
};

export const workloadProgress = (
  object: KubeObject,
  nameTemplate = newTemplate,
): DeploymentProgress => {
  switch (object.kind) {
    case StatefulSet.kind:
      return statefulSetProgress(object, nameTemplate);
    case DaemonSet.kind:
      return daemonSetProgress(object, nameTemplate);
    default:
      return deploymentProgress(object, undefined, nameTemplate);
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
  const progress = deploymentProgress(deployment, undefined);
  const { ready, desired } = progress;
  const waitingFor = ready < desired ? `${ready} of ${desired} pods are ready` : undefined;
  return { ...progress, waitingFor };
};
