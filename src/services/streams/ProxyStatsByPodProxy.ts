import { Duration, Effect, Layer } from "effect";
import { proxySecrets, SECRETS_FILTER } from "../../domain/rollout/trouble/withheld-secrets.ts";
import { METRICS_FILTER, parseMetrics, proxyCounts } from "../../domain/streams/proxy-metrics.ts";
import { Kubectl, type KubectlError } from "../kube/Kubectl.ts";
import { type ProxyPod, ProxyStats, ProxyStatsError } from "./ProxyStats.ts";

/** Where Envoy Gateway has every proxy show its statistics, unless the EnvoyProxy turns Prometheus off. */
const STATS_PORT = 19001;
const STATS_PATH = "/stats/prometheus";
const PATIENCE = Duration.seconds(2);

const failureOf = ({ reason, message }: KubectlError): ProxyStatsError =>
  new ProxyStatsError({
    reason: reason === "Forbidden" ? "Forbidden" : reason === "NotServed" ? "Gone" : "Unreadable",
    detail: message,
  });

const unreadable = ({ namespace, name }: ProxyPod, why: string) =>
  Effect.fail(
    new ProxyStatsError({ reason: "Unreadable", detail: `Pod ${namespace}/${name} ${why}` }),
  );

/** Reads the page through the API server: no other way into the pods is needed. */
export const layerProxyStatsByPodProxy: Layer.Layer<ProxyStats, never, Kubectl> = Layer.effect(
  ProxyStats,
  Effect.gen(function* () {
    const kubectl = yield* Kubectl;

    const metrics = (pod: ProxyPod, filter: string) =>
      kubectl
        .podHttp({
          namespace: pod.namespace,
          pod: pod.name,
          port: STATS_PORT,
          path: STATS_PATH,
          query: { filter },
        })
        .pipe(
          Effect.mapError(failureOf),
          Effect.timeoutOrElse({
            duration: PATIENCE,
            orElse: () => unreadable(pod, "did not show its statistics in time"),
          }),
          Effect.map(parseMetrics),
        );

    const counts = Effect.fn("ProxyStats.counts")(function* (pod: ProxyPod) {
      const found = proxyCounts(yield* metrics(pod, METRICS_FILTER));
      return found ?? (yield* unreadable(pod, "does not count its requests"));
    });

    return ProxyStats.of({
      counts,
      secrets: (pod) => Effect.map(metrics(pod, SECRETS_FILTER), proxySecrets),
      openStreams: (pod) => Effect.map(counts(pod), ({ openStreams }) => openStreams),
    });
  }),
);
