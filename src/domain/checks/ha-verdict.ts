import { fieldAt, type KubeObject, numberAt } from "../kube/objects.ts";
import type { Warning } from "../report/warning.ts";
import { isOurs, proxyOfGateway } from "../rollout/baseline/gateways.ts";

/** Why it is not known how many there are. */
export type HaUnknown =
  | { readonly _tag: "NoEnvoyProxy" }
  | { readonly _tag: "OnEachNode" }
  /** In the server's words. */
  | { readonly _tag: "Unreadable"; readonly detail: string };

/** What the EnvoyProxy resources say about how many data-plane pods there are at the least. */
export type HaVerdict =
  | {
      readonly _tag: "HighlyAvailable" | "SingleReplica";
      readonly minReplicas: number;
      /** The EnvoyProxy that decided, and how many there were. */
      readonly envoyProxy: string;
      readonly outOf: number;
    }
  | { readonly _tag: "Unknown"; readonly why: HaUnknown };

/** An HPA without `minReplicas` has a floor of 1, which is also what Kubernetes assumes. */
const minReplicasOf = (envoyProxy: KubeObject): number =>
  numberAt(envoyProxy, "spec", "provider", "kubernetes", "envoyHpa", "minReplicas") ?? 1;

/** A proxy on each node: no autoscaler decides how many there are. */
const isOnEachNode = (envoyProxy: KubeObject): boolean =>
  fieldAt(envoyProxy, "spec", "provider", "kubernetes", "envoyDaemonSet") !== undefined;

/** The lowest `envoyHpa.minReplicas` decides: one single-replica proxy is enough to drop streams. */
export const haVerdict = (all: ReadonlyArray<KubeObject>): HaVerdict => {
  const envoyProxies = all.filter((one) => !isOnEachNode(one));
  const [lowest] = [...envoyProxies].sort((a, b) => minReplicasOf(a) - minReplicasOf(b));
  if (lowest === undefined) {
    return { _tag: "Unknown", why: { _tag: all.length === 0 ? "NoEnvoyProxy" : "OnEachNode" } };
  }
  const minReplicas = minReplicasOf(lowest);
  return {
    _tag: minReplicas >= 2 ? "HighlyAvailable" : "SingleReplica",
    minReplicas,
    envoyProxy: lowest.metadata.name,
    outOf: envoyProxies.length,
  };
};

export interface HaConfig {
  /** Whose Gateways these are. */
  readonly release?: string;
  /** Of the system namespace, of those that Gateways live in, and of those that classes refer to. */
  readonly envoyProxies: ReadonlyArray<KubeObject>;
  readonly gateways: ReadonlyArray<KubeObject>;
  readonly gatewayClasses: ReadonlyArray<KubeObject>;
}

/** The EnvoyProxies that shape the pods of a Gateway: a left-over without a reference decides nothing. */
export const proxiesInUse = (config: HaConfig): ReadonlyArray<KubeObject> => {
  const used = new Set(
    config.gateways
      .filter((gateway) => isOurs(config, gateway))
      .flatMap((gateway) => proxyOfGateway(config, gateway) ?? []),
  );
  return config.envoyProxies.filter((proxy) => used.has(proxy));
};

const nameOf = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace}/${metadata.name}`;

const replicasOf = (deployment: KubeObject): number =>
  numberAt(deployment, "spec", "replicas") ?? 1;

/** What runs, whatever its EnvoyProxy says of it. */
export const singleReplicaWarnings = (
  deployments: ReadonlyArray<KubeObject>,
): ReadonlyArray<Warning> =>
  deployments
    .filter((one) => replicasOf(one) === 1)
    .map((one) => ({ code: "single-replica", workload: nameOf(one) }));

/** What `--ha=false` takes from a data plane that has it, in numbers as they are now. */
export const lostHaWarning = (
  verdict: HaVerdict,
  deployments: ReadonlyArray<KubeObject>,
): Warning | undefined => {
  if (verdict._tag !== "HighlyAvailable") return undefined;
  const live = deployments.map((one) => ({ workload: nameOf(one), replicas: replicasOf(one) }));
  return { code: "high-availability-given-up", minReplicas: verdict.minReplicas, live };
};
