import { type KubeObject, numberAt } from "./kube.ts";

/** What the EnvoyProxy resources say about how many data-plane pods there are at the least. */
export type HaVerdict =
  | {
      readonly _tag: "HighlyAvailable" | "SingleReplica";
      readonly minReplicas: number;
      /** The EnvoyProxy that decided, and how many there were. */
      readonly envoyProxy: string;
      readonly outOf: number;
    }
  | { readonly _tag: "Unknown"; readonly why: string };

/** An HPA without `minReplicas` has a floor of 1, which is also what Kubernetes assumes. */
const minReplicasOf = (envoyProxy: KubeObject): number =>
  numberAt(envoyProxy, "spec", "provider", "kubernetes", "envoyHpa", "minReplicas") ?? 1;

/** The lowest `envoyHpa.minReplicas` decides: one single-replica proxy is enough to drop streams. */
export const haVerdict = (envoyProxies: ReadonlyArray<KubeObject>): HaVerdict => {
  const [lowest] = [...envoyProxies].sort((a, b) => minReplicasOf(a) - minReplicasOf(b));
  if (lowest === undefined) return { _tag: "Unknown", why: "no EnvoyProxy resource found" };
  const minReplicas = minReplicasOf(lowest);
  return {
    _tag: minReplicas >= 2 ? "HighlyAvailable" : "SingleReplica",
    minReplicas,
    envoyProxy: lowest.metadata.name,
    outOf: envoyProxies.length,
  };
};
