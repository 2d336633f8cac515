/** What the Deployment controller makes and reports: ReplicaSets, pods and the Deployment's status. */
import {
  apiVersionOf,
  Deployment,
  fieldAt,
  type KubeObject,
  numberAt,
  ReplicaSet,
  type ResourceType,
  stringAt,
} from "../../../src/domain/kube/objects.ts";
import { podSuffix, templateHash } from "../pods/names.ts";
import type { Goal } from "./rollout.ts";

const HASH_LABEL = "pod-template-hash";
const REVISION = "deployment.kubernetes.io/revision";
const DEFAULT_PROGRESS_SECONDS = 600;

const ofDesired = (value: unknown, desired: number, round: (part: number) => number): number =>
  typeof value === "number"
    ? value
    : round((desired * Number(String(value ?? "25%").replace("%", ""))) / 100);

export const goalOf = (deployment: KubeObject): Goal => {
  const desired = numberAt(deployment, "spec", "replicas") ?? 1;
  const strategy = fieldAt(deployment, "spec", "strategy");
  const limits = fieldAt(strategy, "rollingUpdate");
  const maxSurge = ofDesired(fieldAt(limits, "maxSurge"), desired, Math.ceil);
  const maxUnavailable = ofDesired(fieldAt(limits, "maxUnavailable"), desired, Math.floor);
  return {
    hash: templateHash((fieldAt(deployment, "spec", "template") ?? {}) as object),
    desired,
    maxSurge,
    // Both zero would never get anywhere; the controller lets one go then.
    maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable,
    recreate: stringAt(strategy, "type") === "Recreate",
  };
};

export const progressMillisOf = (deployment: KubeObject): number =>
  (numberAt(deployment, "spec", "progressDeadlineSeconds") ?? DEFAULT_PROGRESS_SECONDS) * 1000;

export const revisionOf = (object: KubeObject): number =>
  Number(object.metadata.annotations?.[REVISION] ?? 0);

export const withRevision = (object: KubeObject, revision: number): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [REVISION]: String(revision) },
  },
});

export const ownedBy = (type: ResourceType, { metadata }: KubeObject) => [
  {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name: metadata.name,
    uid: metadata.uid ?? "",
    controller: true,
  },
];

export const isOwnedBy = (object: KubeObject, { metadata }: KubeObject): boolean =>
  object.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) ?? false;

export const hashOf = (object: KubeObject): string => object.metadata.labels?.[HASH_LABEL] ?? "";

const templateLabels = (deployment: KubeObject): Readonly<Record<string, string>> =>
  (fieldAt(deployment, "spec", "template", "metadata", "labels") ?? {}) as Record<string, string>;

const namespaceOf = ({ metadata }: KubeObject) =>
  metadata.namespace === undefined ? {} : { namespace: metadata.namespace };

export const newReplicaSet = (deployment: KubeObject, hash: string): KubeObject => {
  const labels = { ...templateLabels(deployment), [HASH_LABEL]: hash };
  const template = fieldAt(deployment, "spec", "template") as object;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      ...namespaceOf(deployment),
      labels,
      ownerReferences: ownedBy(Deployment, deployment),
    },
    spec: { replicas: 0, selector: { matchLabels: labels }, template },
  };
};

export const newPodObject = (replicaSet: KubeObject, serial: number): KubeObject => {
  const template = fieldAt(replicaSet, "spec", "template");
  const annotations = fieldAt(template, "metadata", "annotations") as
    | Record<string, string>
    | undefined;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${replicaSet.metadata.name}-${podSuffix(serial)}`,
      ...namespaceOf(replicaSet),
      labels: replicaSet.metadata.labels ?? {},
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: ownedBy(ReplicaSet, replicaSet),
    },
    spec: fieldAt(template, "spec"),
  };
};

export interface PodCounts {
  readonly all: number;
  readonly ready: number;
}

/** The ReplicaSet with these pods, of which it wants so many; the same object when that is what it says. */
export const withReplicas = (
  replicaSet: KubeObject,
  wanted: number,
  { all, ready }: PodCounts,
): KubeObject => {
  const before = numberAt(replicaSet, "spec", "replicas");
  const stands =
    before === wanted &&
    numberAt(replicaSet, "status", "replicas") === all &&
    numberAt(replicaSet, "status", "readyReplicas") === ready;
  if (stands) return replicaSet;
  return {
    ...replicaSet,
    spec: { ...(replicaSet.spec as object), replicas: wanted },
    status: {
      replicas: all,
      fullyLabeledReplicas: all,
      readyReplicas: ready,
      availableReplicas: ready,
      // As it will be after this write.
      observedGeneration: (replicaSet.metadata.generation ?? 0) + (before === wanted ? 0 : 1),
    },
  };
};

export type Progress = "progressing" | "complete" | "deadline exceeded";

const condition = (type: string, status: "True" | "False", reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
});

const progressing = (progress: Progress, replicaSet: string) => {
  switch (progress) {
    case "complete":
      return condition(
        "Progressing",
        "True",
        "NewReplicaSetAvailable",
        `ReplicaSet "${replicaSet}" has successfully progressed.`,
      );
    case "progressing":
      return condition(
        "Progressing",
        "True",
        "ReplicaSetUpdated",
        `ReplicaSet "${replicaSet}" is progressing.`,
      );
    case "deadline exceeded":
      return condition(
        "Progressing",
        "False",
        "ProgressDeadlineExceeded",
        `ReplicaSet "${replicaSet}" has timed out progressing.`,
      );
  }
};

export const deploymentStatus = (
  deployment: KubeObject,
  counts: { readonly all: PodCounts; readonly updated: number; readonly mustBeReady: number },
  {
    progress,
    withoutRoom,
  }: { readonly progress: Progress; readonly withoutRoom: string | undefined },
  replicaSet: string,
): object => {
  const { all, updated, mustBeReady } = counts;
  const available =
    all.ready >= mustBeReady
      ? condition(
          "Available",
          "True",
          "MinimumReplicasAvailable",
          "Deployment has minimum availability.",
        )
      : condition(
          "Available",
          "False",
          "MinimumReplicasUnavailable",
          "Deployment does not have minimum availability.",
        );
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: all.all,
    updatedReplicas: updated,
    readyReplicas: all.ready,
    availableReplicas: all.ready,
    unavailableReplicas: Math.max(0, all.all - all.ready),
    conditions: [
      available,
      progressing(progress, replicaSet),
      ...(withoutRoom === undefined
        ? []
        : [condition("ReplicaFailure", "True", "FailedCreate", withoutRoom)]),
    ],
  };
};
