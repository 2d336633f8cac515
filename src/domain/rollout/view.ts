/** The part of the cluster that a rollout is about, as the watches have told it so far. */

import {
  DaemonSet,
  fieldAt,
  type KubeObject,
  listAt,
  StatefulSet,
  stringAt,
} from "../kube/objects.ts";
import type { PriorState } from "./baseline/prior-state.ts";
import { OWNING_GATEWAY_LABEL } from "./data-plane.ts";
import type { WorkloadGroup } from "./workload-group.ts";

export const OWNING_GATEWAY_NAMESPACE_LABEL = "gateway.envoyproxy.io/owning-gateway-namespace";
/** With `mergeGateways` one Deployment serves all Gateways of a class. */
export const OWNING_CLASS_LABEL = "gateway.envoyproxy.io/owning-gatewayclass";
/** Kept up by the server for DaemonSets, which tell their newest revision nowhere else. */
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";
const REVISION = "deployment.kubernetes.io/revision";
const RELEASE_NAME = "meta.helm.sh/release-name";
const HOOK = "helm.sh/hook";
const INSTANCE = "app.kubernetes.io/instance";

export interface Workload {
  readonly group: WorkloadGroup;
  /** A Deployment, a StatefulSet, a DaemonSet, or the Job of a hook. */
  readonly object: KubeObject;
}

export interface RolloutView {
  readonly workloads: ReadonlyArray<Workload>;
  readonly replicaSets: ReadonlyArray<KubeObject>;
  readonly pods: ReadonlyArray<KubeObject>;
  readonly gateways: ReadonlyArray<KubeObject>;
  readonly gatewayClasses: ReadonlyArray<KubeObject>;
  readonly envoyProxies: ReadonlyArray<KubeObject>;
  /** The settings that the release gives Envoy Gateway; left out where they cannot be read. */
  readonly controllerSettings?: unknown;
  /** The release that is rolled out, whose own Gateways must be served; left out where it does not matter. */
  readonly release?: string;
  /** How all this was before anything was written; left out where it was not read. */
  readonly prior?: PriorState | undefined;
  /** What the server makes of what was asked for, by the question. */
  readonly answers?: ReadonlyMap<string, unknown>;
  /** Why the server would not have it at all, in its own words, by the question. */
  readonly refusals?: ReadonlyMap<string, string>;
}

/** Helm writes the annotation on all it makes, and refuses what another release owns; older fakes of it might not. */
export const isOfRelease = ({ metadata }: KubeObject, release: string): boolean =>
  (metadata.annotations?.[RELEASE_NAME] ?? release) === release;

/** Made for a Gateway of this namespace, or for a class; the rate limiter is made for neither. */
export const isProxyOf = ({ metadata }: KubeObject, dataplaneNamespace: string): boolean =>
  metadata.labels?.[OWNING_CLASS_LABEL] !== undefined ||
  (metadata.labels?.[OWNING_GATEWAY_LABEL] !== undefined &&
    (metadata.labels[OWNING_GATEWAY_NAMESPACE_LABEL] ?? dataplaneNamespace) === dataplaneNamespace);

/** What Envoy Gateway makes for itself, beside itself: the rate limiter. */
export const isMadeForController = ({ metadata }: KubeObject, systemNamespace: string): boolean =>
  metadata.namespace === systemNamespace &&
  metadata.labels?.["app.kubernetes.io/managed-by"] === "envoy-gateway" &&
  metadata.labels[OWNING_CLASS_LABEL] === undefined &&
  metadata.labels[OWNING_GATEWAY_LABEL] === undefined;

/** Helm writes no owner on hooks; what names another instance in the usual label is another release's. */
export const isHookOf = ({ metadata }: KubeObject, release: string): boolean =>
  metadata.annotations?.[HOOK] !== undefined &&
  (metadata.labels?.[INSTANCE] ?? release) === release;

export const keyOfObject = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

const isOwnedBy = ({ metadata }: KubeObject, uid: string | undefined): boolean =>
  uid !== undefined && (metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false);

/** What tells the pods of one template from those of another. */
interface Generation {
  /** The ReplicaSet's UID, a StatefulSet's revision, or the number of a DaemonSet's template. */
  readonly id: string;
  readonly owns: (pod: KubeObject) => boolean;
}

/** The pods the workload wants now; nothing while its controller has not looked at the newest specification. */
export const currentGeneration = (
  { object }: Workload,
  { replicaSets }: Pick<RolloutView, "replicaSets">,
): Generation | undefined => {
  if (object.kind === "Job") {
    // Its template cannot change: another one is another Job.
    const { uid } = object.metadata;
    return uid === undefined ? undefined : { id: uid, owns: (pod) => isOwnedBy(pod, uid) };
  }
  const observed = fieldAt(object, "status", "observedGeneration");
  if (typeof observed !== "number" || observed < (object.metadata.generation ?? 0))
    return undefined;
  if (object.kind === DaemonSet.kind) {
    const template = object.metadata.annotations?.[TEMPLATE_GENERATION];
    if (template === undefined) return undefined;
    return {
      id: `${object.metadata.uid} ${template}`,
      owns: (pod) =>
        isOwnedBy(pod, object.metadata.uid) &&
        pod.metadata.labels?.["pod-template-generation"] === template,
    };
  }
  if (object.kind === StatefulSet.kind) {
    const revision = stringAt(object, "status", "updateRevision");
    if (revision === undefined) return undefined;
    return {
      id: `${object.metadata.uid} ${revision}`,
      owns: (pod) =>
        isOwnedBy(pod, object.metadata.uid) &&
        pod.metadata.labels?.["controller-revision-hash"] === revision,
    };
  }
  const revision = object.metadata.annotations?.[REVISION];
  const set = replicaSets.find(
    (one) =>
      isOwnedBy(one, object.metadata.uid) && one.metadata.annotations?.[REVISION] === revision,
  );
  const uid = set?.metadata.uid;
  return uid === undefined ? undefined : { id: uid, owns: (pod) => isOwnedBy(pod, uid) };
};

export const podsOf = (
  { object }: Workload,
  { pods, replicaSets }: Pick<RolloutView, "pods" | "replicaSets">,
): ReadonlyArray<KubeObject> => {
  const owners = new Set([
    object.metadata.uid,
    ...replicaSets
      .filter((set) => isOwnedBy(set, object.metadata.uid))
      .map(({ metadata }) => metadata.uid),
  ]);
  return pods.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid }) => owners.has(uid)),
  );
};

/** The label selectors that find the pods of these workloads: what they have in common, as one, where there is any. */
export const podSelectors = (workloads: ReadonlyArray<KubeObject>): ReadonlyArray<string> => {
  const labels = workloads.map((workload) =>
    Object.entries((fieldAt(workload, "spec", "selector", "matchLabels") ?? {}) as object).map(
      ([key, value]) => `${key}=${String(value)}`,
    ),
  );
  const [first = [], ...others] = labels;
  const common = first.filter((label) => others.every((other) => other.includes(label)));
  const sets = common.length > 0 ? [common] : labels.filter((one) => one.length > 0);
  return [...new Set(sets.map((one) => [...one].sort().join(",")))];
};

export const conditionsOf = (object: KubeObject): ReadonlyArray<unknown> =>
  listAt(object, "status", "conditions");
