/** The statistics of a proxy, as Envoy 1.38.3 shows them to a reader that asks for the requests under way. */
import { fieldAt, type KubeObject, listAt, stringAt } from "../../../src/domain/kube.ts";

export const STATS_PORT = 19001;
export const STATS_PATH = "/stats/prometheus";

export const runsEnvoy = (pod: KubeObject): boolean =>
  listAt(pod, "status", "containerStatuses").some(
    (status) =>
      stringAt(status, "name") === "envoy" && fieldAt(status, "state", "running") !== undefined,
  );

/** The reader is a request itself, of the listener that shows the page and of the admin interface behind it. */
export const statsPage = (openStreams: number): string =>
  [
    "# TYPE envoy_http_downstream_rq_active gauge",
    'envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="admin"} 1',
    'envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="eg-stats-http"} 1',
    `envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="http-10080"} ${openStreams}`,
    'envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="https-10443"} 0',
    "",
  ].join("\n");
