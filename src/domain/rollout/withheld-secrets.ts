/** Certificates that a proxy was promised and never got: it is ready all the same, and its TLS listeners refuse everybody. */
import type { Metric } from "../streams/proxy-metrics.ts";

const TIMED_OUT = "envoy_sds_init_fetch_timeout";
const ARRIVED = "envoy_sds_update_success";
const SECRET = "envoy_xds_resource_name";

/** What to ask Envoy for: a regular expression over the names of its statistics. */
export const SECRETS_FILTER = "^sds\\..*\\.(init_fetch_timeout|update_success)$";

const namesWith = (metrics: ReadonlyArray<Metric>, wanted: string): ReadonlySet<string> =>
  new Set(
    metrics
      .filter(({ name, value }) => name === wanted && value > 0)
      .flatMap(({ labels }) => labels[SECRET] ?? []),
  );

/** The names of secrets that Envoy no longer waits for and has never had, in order. */
export const withheldSecrets = (metrics: ReadonlyArray<Metric>): ReadonlyArray<string> => {
  const arrived = namesWith(metrics, ARRIVED);
  return [...namesWith(metrics, TIMED_OUT)].filter((name) => !arrived.has(name)).sort();
};
