import { fieldAt, type KubeObject, listAt, numberAt, stringAt } from "../kube/objects.ts";

/** The label Envoy Gateway puts on what it makes for a Gateway. */
export const OWNING_GATEWAY_LABEL = "gateway.envoyproxy.io/owning-gateway-name";
export const MANAGED_BY_ENVOY_GATEWAY = "app.kubernetes.io/managed-by=envoy-gateway";

/** Envoy Gateway adds this to the drain time when it computes a proxy pod's grace period. */
const GRACE_PERIOD_MARGIN_SECONDS = 300;

/** What the current EnvoyProxy asks of the pods made from it; `undefined` where it leaves the choice to the controller. */
interface ProxyTemplate {
  readonly image: string | undefined;
  readonly terminationGracePeriodSeconds: number | undefined;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** Gateway API durations have no fractions: `5m`, `300s`, `1h30m`. */
const gatewayApiSeconds = (text: string): number | undefined => {
  const terms = [...text.matchAll(/(\d+)(h|ms|m|s)/g)];
  return terms.length === 0
    ? undefined
    : terms.reduce(
        (sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit as string] as number),
        0,
      );
};

export const proxyTemplate = (envoyProxy: KubeObject): ProxyTemplate => {
  const drain = stringAt(envoyProxy, "spec", "shutdown", "drainTimeout");
  const seconds = drain === undefined ? undefined : gatewayApiSeconds(drain);
  return {
    image: stringAt(
      envoyProxy,
      "spec",
      "provider",
      "kubernetes",
      "envoyDeployment",
      "container",
      "image",
    ),
    terminationGracePeriodSeconds:
      seconds === undefined ? undefined : Math.floor(seconds) + GRACE_PERIOD_MARGIN_SECONDS,
  };
};

export interface DeploymentProgress {
  readonly name: string;
  readonly ready: number;
  readonly desired: number;
  /** Why the Deployment is not where it should be; `undefined` when it is. */
  readonly waitingFor: string | undefined;
}

const staleness = (
  deployment: KubeObject,
  template: ProxyTemplate | undefined,
): string | undefined => {
  if (template === undefined) return undefined;
  const pod = fieldAt(deployment, "spec", "template", "spec");
  const envoy = listAt(pod, "containers").find(
    (container) => stringAt(container, "name") === "envoy",
  );
  const image = stringAt(envoy, "image");
  if (template.image !== undefined && image !== template.image) {
    return `still asks for image ${image ?? "(none)"}, not ${template.image}`;
  }
  const grace = numberAt(pod, "terminationGracePeriodSeconds");
  const wanted = template.terminationGracePeriodSeconds;
  if (wanted !== undefined && grace !== wanted) {
    const given = grace === undefined ? "the default time" : `${grace} s`;
    return `still gives pods ${given} to drain, not ${wanted} s`;
  }
  return undefined;
};

/** Names the template that a workload's pods are to run. */
export type NameTemplate = (workload: KubeObject) => string;

export const newTemplate: NameTemplate = () => "the new template";

const rollout = (
  deployment: KubeObject,
  desired: number,
  nameTemplate: NameTemplate,
): string | undefined => {
  if (desired === 0) return "it is scaled to zero";
  const status = (field: string) => numberAt(deployment, "status", field) ?? 0;
  if (status("observedGeneration") < (deployment.metadata.generation ?? 0)) {
    return "its newest specification has not been observed";
  }
  if (status("updatedReplicas") < desired) {
    return `${status("updatedReplicas")} of ${desired} pods run ${nameTemplate(deployment)}`;
  }
  if (status("replicas") > status("updatedReplicas")) {
    return `${status("replicas") - status("updatedReplicas")} old pods remain`;
  }
  if (status("readyReplicas") < desired) {
    return `${status("readyReplicas")} of ${desired} pods are ready`;
  }
  if (status("availableReplicas") < desired) {
    return `${status("availableReplicas")} of ${desired} pods are available`;
  }
  return undefined;
};

export const deploymentProgress = (
  deployment: KubeObject,
  template: ProxyTemplate | undefined,
  nameTemplate = newTemplate,
): DeploymentProgress => {
  const desired = numberAt(deployment, "spec", "replicas") ?? 1;
  return {
    name: deployment.metadata.name,
    ready: numberAt(deployment, "status", "readyReplicas") ?? 0,
    desired,
    waitingFor: staleness(deployment, template) ?? rollout(deployment, desired, nameTemplate),
  };
};
