/** The cluster and its Helm, as preflight and the checks of the release find them. */
import { Schema } from "effect";
import { PodsOf } from "../../checks/pod-rehearsal.ts";

const certificate = {
  expiresAtMillis: Schema.Int,
  /** Whether this upgrade brings a new one, as far as that is known. */
  renewed: Schema.UndefinedOr(Schema.Boolean),
};

export const CLUSTER_WARNINGS = {
  /** Only the commands that are printed need it. */
  "kubectl-missing": { cause: Schema.String },
  "metrics-absent": {},
  "metrics-unavailable": { reason: Schema.UndefinedOr(Schema.String) },
  "metrics-unknown": { reason: Schema.String },
  /** ext-proc is a native sidecar, which outlives Envoy in a pod that drains, from Kubernetes 1.33 on. */
  "kubernetes-lacks-sidecars": { version: Schema.String },
  "permissions-unchecked": { cause: Schema.String },
  /** In the server's words; whether it lets them in can change. */
  "pods-may-be-refused": { pods: PodsOf, detail: Schema.String },
  /** Of the chart's images, in the registry that the values name. */
  "images-missing": { registry: Schema.String, images: Schema.Array(Schema.String) },
  "record-nearly-full": { bytes: Schema.Int },
  "helm-cannot-roll-back": { version: Schema.String, dropped: Schema.Array(Schema.String) },
  "envoy-gateway-loses-secrets": { version: Schema.String, reference: Schema.String },
  "webhook-certificate-expires": { ...certificate, days: Schema.Int },
  "webhook-certificate-expired": certificate,
  "crd-newer": { crd: Schema.String, live: Schema.String, ours: Schema.String },
  "crd-managed-by-platform": { crd: Schema.String, platform: Schema.String },
  /** Pods of others run in it, which keep the level of Pod Security from being set; those that it would not let in again. */
  "namespace-without-level": { namespace: Schema.String, pods: Schema.Array(Schema.String) },
  "crd-users-unknown": { namespace: Schema.String },
} as const;
