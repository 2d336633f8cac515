import type { Duration } from "effect";
import type { UnheldReason } from "../../domain/hold/unheld.ts";
import { POLICIES_SINCE_MINOR } from "../../domain/hold/unheld.ts";
import type { WarningOf } from "../../domain/report/warning.ts";
import type { DATA_PLANE_WARNINGS } from "../../domain/report/warnings/data-plane.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";
import { describeWaiting } from "../../words/rollout/waiting-for.ts";
import { plural, type Words } from "./words.ts";

interface Unheld {
  readonly drain: Duration.Duration;
  readonly openStreams: number | undefined;
}

/** `drain for at most 1m; 23 streams are open; longer ones will be cut` */
const cutText = ({ drain, openStreams }: Unheld): string => {
  const open =
    openStreams === undefined
      ? ""
      : `${openStreams} ${plural(openStreams, "stream is", "streams are")} open; `;
  return `drain for at most ${formatGoDuration(drain)}; ${open}longer ones will be cut`;
};

const unheldText = (why: UnheldReason): string => {
  switch (why._tag) {
    case "DaemonSet":
      return `those of DaemonSet ${why.name} cannot be held, which is done for Deployments only`;
    case "NoEnvoyProxy":
      return `no EnvoyProxy was found to lengthen the drain of ${why.deployment}`;
    case "OldKubernetes":
      return `they cannot be held on Kubernetes ${why.version}, which has no ValidatingAdmissionPolicy of version v1 (1.${POLICIES_SINCE_MINOR} has)`;
    case "Forbidden":
      return `this account is not allowed to hold them (it cannot ${why.lacking.join("; ")})`;
  }
};

type UnservedGateway = WarningOf<"gateways-unserved">["gateways"][number];

const unserved = ({ place, className, controller, ours, servedBy }: UnservedGateway): string => {
  if (!ours) return `${place} (its class ${className} belongs to ${controller})`;
  return servedBy.length === 0
    ? `${place} (nothing serves it)`
    : `${place} (${servedBy.join(", ")} is not well)`;
};

export const DATA_PLANE_WORDS: Words<keyof typeof DATA_PLANE_WARNINGS> = {
  "single-replica": ({ workload }) =>
    `${workload} runs one replica: no other takes new streams while it is replaced`,
  "high-availability-given-up": ({ minReplicas, live }) => {
    const running = live.map(({ workload, replicas }) => `${workload} runs ${replicas}`);
    const now = running.length === 0 ? "" : ` (${running.join(", ")} now)`;
    return `--ha=false takes the minimum of ${minReplicas} replicas and the PodDisruptionBudget away: the data plane goes down to one replica${now}, and the next upgrade will be refused without --allow-downtime`;
  },
  "timeout-below-drain": ({ timeout, drain, startUp }) =>
    `--timeout ${formatGoDuration(timeout)} is shorter than a drain (${formatGoDuration(drain)}) and the start of ` +
    `new proxies (${formatGoDuration(startUp)}): the upgrade can run out of time while streams end`,
  "streams-may-be-cut": ({ why, ...unheld }) =>
    `the running proxies ${cutText(unheld)}: ${unheldText(why)}`,
  "proxies-not-held": ({ why, ...unheld }) =>
    `could not hold the running proxies: ${why}; they ${cutText(unheld)}`,
  "proxy-keeps-connections": ({ pod, why }) =>
    `could not ask proxy ${pod} to close its connections: ${why}; a client that keeps its connection can begin new streams there`,
  "proxies-left-serving": ({ pods, atMost }) =>
    `${pods} replaced ${plural(pods, "proxy serves", "proxies serve")} open streams; Kubernetes ends ${plural(pods, "it", "them")} within ${formatGoDuration(atMost)}`,
  "drain-not-taken": ({ asked, why, ...unheld }) =>
    `the proxies did not take the drain of ${formatGoDuration(asked)}: ${why}; they go on with their own, and ${cutText(unheld)}`,
  "drain-not-lengthened": ({ cause, ...unheld }) =>
    `could not lengthen the drain of the running proxies: ${cause}; they ${cutText(unheld)}`,
  "drain-not-restored": ({ envoyProxy, cause }) =>
    `EnvoyProxy ${envoyProxy} keeps the longer drain: ${cause}`,
  "longer-drain-stays": ({ envoyProxies, drain }) =>
    `EnvoyProxy ${envoyProxies.join(", ")} keeps the drain of ${formatGoDuration(drain)}`,
  "gateways-unserved": ({ gateways }) =>
    `not served before this upgrade, and not held against it unless the release's own: Gateways ${gateways.map(unserved).join("; ")}`,
  "workloads-unwell": ({ workloads }) => {
    const each = workloads.map(
      ({ workload, ready, desired, ailment }) =>
        `${workload} (${ready}/${desired} ready, ${describeWaiting(ailment)})`,
    );
    return `not well before this upgrade: ${each.join("; ")}`;
  },
  "workloads-paused": ({ workloads }) =>
    `paused, so that its pods stay as they are until it is resumed: ${workloads.join("; ")}`,
  "prior-state-unknown": ({ cause }) =>
    `could not read what runs now, so all of it must be healthy in the end: ${cause}`,
  "data-plane-absent": ({ namespace }) =>
    `no Gateway and no Deployment of Envoy Gateway in ${namespace}: there was no data plane to verify`,
  "envoy-proxy-unverified": ({ revision, cause }) =>
    `could not verify that the EnvoyProxy is that of revision ${revision}: ${cause}`,
};
