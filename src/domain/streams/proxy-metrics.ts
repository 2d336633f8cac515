/** Envoy's own counts, as its Prometheus page shows them. */

export interface Metric {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

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
const LISTENER = "envoy_http_conn_manager_prefix";
/** Envoy's admin interface, and what Envoy Gateway adds for probes and for this very page. */
const NOT_FOR_CLIENTS: ReadonlySet<string> = new Set(["admin", "eg-ready-http", "eg-stats-http"]);

/** What to ask Envoy for (a regular expression over the names of its statistics): the whole page is a hundred times as long. */
export const METRICS_FILTER = "\\.downstream_rq_active$";

/**
 * The requests of clients that are under way; an LLM stream is one. `undefined` where the page does not count requests:
 * its own reader would be among them.
 */
export const openStreams = (metrics: ReadonlyArray<Metric>): number | undefined => {
  const active = metrics.filter(({ name }) => name === ACTIVE_REQUESTS);
  return active.length === 0
    ? undefined
    : active
        .filter(({ labels }) => !NOT_FOR_CLIENTS.has(labels[LISTENER] ?? ""))
        .reduce((sum, { value }) => sum + value, 0);
};
