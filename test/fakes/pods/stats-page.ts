/** The statistics of a proxy, as Envoy 1.38.3 shows them to a reader that asks for the requests of clients. */
import { fieldAt, type KubeObject, listAt, stringAt } from "../../../src/domain/kube/objects.ts";
import type { ProxyCounts } from "../../../src/domain/streams/proxy-metrics.ts";

export const STATS_PORT = 19001;
export const STATS_PATH = "/stats/prometheus";

export const runsEnvoy = (pod: KubeObject): boolean =>
  listAt(pod, "status", "containerStatuses").some(
    (status) =>
      stringAt(status, "name") === "envoy" && fieldAt(status, "state", "running") !== undefined,
  );

const ofListeners = (
  name: string,
  byListener: Readonly<Record<string, number>>,
): ReadonlyArray<string> =>
  Object.entries(byListener).map(
    ([listener, value]) => `${name}{envoy_http_conn_manager_prefix="${listener}"} ${value}`,
  );

/** The reader is a request itself, of the listener that shows the page and of the admin interface behind it. */
export const statsPage = ({
  openStreams,
  abortedConnections,
  listenersDraining,
}: ProxyCounts): string =>
  [
    "# TYPE envoy_http_downstream_cx_destroy_active_rq counter",
    ...ofListeners("envoy_http_downstream_cx_destroy_active_rq", {
      admin: 0,
      "eg-stats-http": 0,
      "http-10080": abortedConnections,
    }),
    "# TYPE envoy_http_downstream_rq_active gauge",
    ...ofListeners("envoy_http_downstream_rq_active", {
      admin: 1,
      "eg-stats-http": 1,
      "http-10080": openStreams,
    }),
    "# TYPE envoy_listener_manager_total_listeners_draining gauge",
    `envoy_listener_manager_total_listeners_draining{} ${listenersDraining}`,
    "",
  ].join("\n");

export const SECRET = "tars-dataplane/egress-certificate";

const ofSecrets = (name: string, value: number): ReadonlyArray<string> => [
  `# TYPE ${name} counter`,
  `${name}{envoy_xds_resource_name="${SECRET}"} ${value}`,
  `${name}{envoy_xds_resource_name="xds_certificate"} ${name.endsWith("success") ? 1 : 0}`,
];

/** How a proxy fares with its certificate: it has it, never got it, or waits for it again and in vain. */
export type CertificateState = "had" | "withheld" | "lost";

/** What Envoy shows of its certificates: one that it gave up waiting for is not held against its readiness. */
export const secretsPage = (state: CertificateState): string =>
  [
    ...ofSecrets("envoy_sds_init_fetch_timeout", state === "had" ? 0 : 1),
    ...ofSecrets("envoy_sds_update_success", state === "withheld" ? 0 : 1),
    "",
  ].join("\n");
