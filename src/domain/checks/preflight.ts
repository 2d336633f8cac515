import { conditionOf, type KubeObject, stringAt } from "../kube/objects.ts";
import type { Warning } from "../report/warning.ts";

/** Whether resource metrics can be had; without them an HPA keeps its floor but never scales. */
export type MetricsState =
  | { readonly _tag: "Available" }
  | { readonly _tag: "Absent" }
  /** `undefined` where its registration does not say why. */
  | { readonly _tag: "Unavailable"; readonly reason: string | undefined }
  | { readonly _tag: "Unknown"; readonly reason: string };

/** Decided from the aggregated API's registration, whichever server (metrics-server or an adapter) is behind it. */
export const metricsState = (apiServices: ReadonlyArray<KubeObject>): MetricsState => {
  const metrics = apiServices.filter(
    (service) => stringAt(service, "spec", "group") === "metrics.k8s.io",
  );
  if (metrics.length === 0) return { _tag: "Absent" };
  const conditions = metrics.map((service) => conditionOf(service, "Available"));
  if (conditions.some((condition) => condition?.status === "True")) return { _tag: "Available" };
  const failing = conditions.find((condition) => condition !== undefined);
  return { _tag: "Unavailable", reason: failing?.reason || failing?.message };
};

export const metricsWarning = (state: MetricsState): Warning | undefined => {
  switch (state._tag) {
    case "Available":
      return undefined;
    case "Absent":
      return { code: "metrics-absent" };
    case "Unavailable":
      return { code: "metrics-unavailable", reason: state.reason };
    case "Unknown":
      return { code: "metrics-unknown", reason: state.reason };
  }
};

/** From 1.33 on, ext-proc is a native sidecar that outlives Envoy while a pod drains. */
export const sidecarWarning = (version: {
  readonly major: number;
  readonly minor: number;
  readonly text: string;
}): Warning | undefined =>
  version.major > 1 || version.minor >= 33
    ? undefined
    : { code: "kubernetes-lacks-sidecars", version: version.text };
