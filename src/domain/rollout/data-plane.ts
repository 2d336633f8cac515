import { type KubeObject, numberAt, stringAt } from "../kube/objects.ts";
import type { WaitingFor } from "./trouble/waiting-for.ts";

/** The label Envoy Gateway puts on what it makes for a Gateway. */
export const OWNING_GATEWAY_LABEL = "gateway.envoyproxy.io/owning-gateway-name";
export const MANAGED_BY_ENVOY_GATEWAY = "app.kubernetes.io/managed-by=envoy-gateway";

/** Envoy Gateway adds this to the drain time when it computes a proxy pod's grace period. */
const GRACE_PERIOD_MARGIN_SECONDS = 300;

const UNIT_SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** Begun once in a row of digits: it may be as long as an object can be. */
const TERM = /(?<!\d)(\d{1,15})(h|ms|m|s)/g;

/** Gateway API durations have no fractions: `5m`, `300s`, `1h30m`. */
const gatewayApiSeconds = (text: string): number | undefined => {
  const terms = [...text.matchAll(TERM)];
  return terms.length === 0
    ? undefined
    : terms.reduce(
        (sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit as string] as number),
        0,
      );
};

/** The grace period that the current EnvoyProxy asks for its pods; `undefined` where it leaves the choice to the controller. */
export const askedGraceSeconds = (envoyProxy: KubeObject): number | undefined => {
  const drain = stringAt(envoyProxy, "spec", "shutdown", "drainTimeout");
  const seconds = drain === undefined ? undefined : gatewayApiSeconds(drain);
  return seconds === undefined ? undefined : Math.floor(seconds) + GRACE_PERIOD_MARGIN_SECONDS;
};

export interface DeploymentProgress {
  readonly name: string;
  readonly ready: number;
  readonly desired: number;
  /** Why the Deployment is not where it should be; `undefined` when it is. */
  readonly waitingFor: WaitingFor | undefined;
}

/** Whether the template that a workload's pods are to run was current before the run. */
export type IsEarlier = (workload: KubeObject) => boolean;

export const allNew: IsEarlier = () => false;

const rollout = (
  deployment: KubeObject,
  desired: number,
  isEarlier: IsEarlier,
): WaitingFor | undefined => {
  if (desired === 0) return { _tag: "ScaledToZero" };
  const status = (field: string) => numberAt(deployment, "status", field) ?? 0;
  const [updated, replicas, ready, available] = [
    status("updatedReplicas"),
    status("replicas"),
    status("readyReplicas"),
    status("availableReplicas"),
  ];
  if (status("observedGeneration") < (deployment.metadata.generation ?? 0)) {
    return { _tag: "Unobserved" };
  }
  if (updated < desired) {
    return { _tag: "PodsUpdated", count: updated, desired, isEarlier: isEarlier(deployment) };
  }
  if (replicas > updated) return { _tag: "OldPodsGone", count: replicas - updated };
  if (ready < desired) return { _tag: "PodsReady", count: ready, desired };
  return available < desired ? { _tag: "PodsAvailable", count: available, desired } : undefined;
};

export const deploymentProgress = (
  deployment: KubeObject,
  isEarlier = allNew,
): DeploymentProgress => {
  const desired = numberAt(deployment, "spec", "replicas") ?? 1;
  return {
    name: deployment.metadata.name,
    ready: numberAt(deployment, "status", "readyReplicas") ?? 0,
    desired,
    waitingFor: rollout(deployment, desired, isEarlier),
  };
};
