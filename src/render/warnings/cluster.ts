import { WEBHOOK_CERTIFICATE_SECRET } from "../../domain/checks/webhook-certificate.ts";
import { shellQuote } from "../../domain/hints/operator-commands.ts";
import type { CLUSTER_WARNINGS } from "../../domain/report/warnings/cluster.ts";
import { lostSecrets } from "../../words/checks/envoy-gateway.ts";
import { describePods } from "../../words/checks/problems.ts";
import { describeRecordSize } from "../../words/release/record-size.ts";
import { plural, type Words } from "./words.ts";

const WITHOUT_METRICS = "the HPA keeps its minimum of replicas but cannot scale under load";

const dateOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10);

const renewal = (renewed: boolean | undefined): string => {
  if (renewed === undefined) return "";
  return renewed
    ? "; this upgrade renews it"
    : `; this upgrade keeps it: delete Secret ${WEBHOOK_CERTIFICATE_SECRET} first to have it renewed`;
};

export const CLUSTER_WORDS: Words<keyof typeof CLUSTER_WARNINGS> = {
  "kubectl-missing": ({ cause }) => `${cause}: only the commands printed for you need it`,
  "metrics-absent": () => `metrics-server is absent: ${WITHOUT_METRICS}`,
  "metrics-unavailable": ({ reason }) =>
    `metrics-server is present but unavailable (${reason ?? "no Available condition"}): ${WITHOUT_METRICS}`,
  "metrics-unknown": ({ reason }) => `could not tell whether metrics-server is there (${reason})`,
  "kubernetes-lacks-sidecars": ({ version }) =>
    `Kubernetes ${version} is older than 1.33: ext-proc may refuse new streams while a pod drains`,
  "permissions-unchecked": ({ cause }) => `could not check the permissions (${cause})`,
  "pods-may-be-refused": ({ pods, detail }) =>
    `the cluster might refuse new pods: ${describePods(pods)}: ${detail}`,
  "images-missing": ({ registry, images }) =>
    `${registry} does not have ${images.join(", ")}: pods that need ${images.length === 1 ? "it" : "them"} will not start; tare images sync ${shellQuote(registry)} brings what is missing`,
  "record-nearly-full": ({ bytes }) => describeRecordSize(bytes),
  "helm-cannot-roll-back": ({ version, dropped }) =>
    `Helm ${version} cannot roll back on its own when an upgrade fails before it has deleted what the new chart drops (${dropped.join(", ")}); Helm 3.22, 4.2 and later ones can (helm/helm#13437, #32244)`,
  "envoy-gateway-loses-secrets": ({ version, reference }) =>
    `the release runs Envoy Gateway ${version}: ${lostSecrets(reference)}. The proxies' own statistics are looked at before this upgrade counts as done; restarting a proxy that lacks a secret fixes it`,
  "webhook-certificate-expires": ({ expiresAtMillis, days, renewed }) =>
    `the certificate of the AI Gateway's webhook expires on ${dateOf(expiresAtMillis)}, in ${days} ${plural(days, "day", "days")}; after that no data-plane pod can be created${renewal(renewed)}`,
  "webhook-certificate-expired": ({ expiresAtMillis, renewed }) =>
    `the certificate of the AI Gateway's webhook expired on ${dateOf(expiresAtMillis)}: no data-plane pod can be created under it${renewal(renewed)}`,
  "crd-newer": ({ crd, live, ours }) =>
    `${crd}: the cluster's bundle ${live} is newer than ${ours}; left as it is`,
  "namespace-without-level": ({ namespace, pods }) =>
    pods.length === 0
      ? `namespace ${namespace} has no level of Pod Security and gets none, since pods run in it already; baseline would let all of them in`
      : `namespace ${namespace} has no level of Pod Security and gets none: baseline would not let in again ${pods.join("; ")}`,
  "crd-managed-by-platform": ({ crd, platform }) =>
    `${crd}: managed by ${platform}, serves what is needed; left as it is`,
  "crd-users-unknown": ({ namespace }) =>
    `not allowed to read Helm releases outside of ${namespace}: cannot tell whether others use a withdrawn version`,
};
