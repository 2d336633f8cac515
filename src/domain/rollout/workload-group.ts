/** Whose workload it is: of the Helm release, a hook of it, or made by Envoy Gateway, as a proxy or for itself. */
export type WorkloadGroup = "release" | "hook" | "data-plane" | "envoy-gateway";
