/** Envoy's own counts, as its Prometheus page shows them. */

export interface Metric {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /(?<!\w)([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));

/** The samples of a page in the text format; what is no sample is left out. */
export const parseMetrics = (page: string): ReadonlyArray<Metric> =>
  page.split("\n").flatMap((line): ReadonlyArray<Metric> => {
    const [, name, labels = "", value = ""] = LINE.exec(line) ?? [];
    const number = Number(value);
    if (name === undefined || Number.isNaN(number)) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = "", text = ""]) => [
      key,
      unescaped(text),
    ]);
    return [{ name, labels: Object.fromEntries(pairs), value: number }];
  });

const ACTIVE_REQUESTS = "envoy_http_downstream_rq_active";
const ABORTED_CONNECTIONS = "envoy_http_downstream_cx_destroy_active_rq";
const DRAINING_LISTENERS = "envoy_listener_manager_total_listeners_draining";
const LISTENER = "envoy_http_conn_manager_prefix";
/** Envoy's admin interface, and what Envoy Gateway adds for probes and for this very page. */
const NOT_FOR_CLIENTS: ReadonlySet<string> = new Set(["admin", "eg-ready-http", "eg-stats-http"]);

/** What to ask Envoy for (a regular expression over the names of its statistics): the whole page is a hundred times as long. */
export const METRICS_FILTER =
  "\\.(downstream_rq_active|downstream_cx_destroy_active_rq|total_listeners_draining)$";

export interface ProxyCounts {
  /** The requests of clients that are under way; an LLM stream is one. */
  readonly openStreams: number;
  /** Connections that went while a request was under way, since the proxy started: one of the two ends aborted it. */
  readonly abortedConnections: number;
  /** Listeners that were replaced, and close what is left of their connections when Envoy's drain time is over. */
  readonly listenersDraining: number;
}

const sumOf = (metrics: ReadonlyArray<Metric>, wanted: string): number =>
  metrics
    .filter(({ name, labels }) => name === wanted && !NOT_FOR_CLIENTS.has(labels[LISTENER] ?? ""))
    .reduce((sum, { value }) => sum + value, 0);

/** `undefined` where the page does not count requests: its own reader would be among them. */
export const proxyCounts = (metrics: ReadonlyArray<Metric>): ProxyCounts | undefined =>
  metrics.some(({ name }) => name === ACTIVE_REQUESTS)
    ? {
        openStreams: sumOf(metrics, ACTIVE_REQUESTS),
        abortedConnections: sumOf(metrics, ABORTED_CONNECTIONS),
        listenersDraining: sumOf(metrics, DRAINING_LISTENERS),
      }
    : undefined;
