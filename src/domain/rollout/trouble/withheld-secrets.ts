/** Certificates that a proxy was promised and does not get: it is ready all the same, and its TLS listeners refuse everybody. */
import type { Metric } from "../../streams/proxy-metrics.ts";

const TIMED_OUT = "envoy_sds_init_fetch_timeout";
const ARRIVED = "envoy_sds_update_success";
const SECRET = "envoy_xds_resource_name";

/** What to ask Envoy for: a regular expression over the names of its statistics. */
export const SECRETS_FILTER = "^sds\\..*\\.(init_fetch_timeout|update_success)$";

/** Both count from the start of the proxy, whichever listener or cluster asked. */
interface SecretCounts {
  /** How often Envoy gave up waiting, and went on without. */
  readonly timeouts: number;
  readonly arrivals: number;
}

/** By the names of the secrets. */
export type ProxySecrets = ReadonlyMap<string, SecretCounts>;

const NONE: SecretCounts = { timeouts: 0, arrivals: 0 };

export const proxySecrets = (metrics: ReadonlyArray<Metric>): ProxySecrets => {
  const found = new Map<string, SecretCounts>();
  for (const { name, labels, value } of metrics) {
    const secret = labels[SECRET];
    if (secret === undefined || (name !== TIMED_OUT && name !== ARRIVED)) continue;
    const { timeouts, arrivals } = found.get(secret) ?? NONE;
    found.set(
      secret,
      name === TIMED_OUT
        ? { timeouts: timeouts + value, arrivals }
        : { timeouts, arrivals: arrivals + value },
    );
  }
  return found;
};

/**
 * The names of secrets that Envoy has given up waiting for since an earlier look at the same proxy, and that did not come
 * since, in order. A listener or cluster that a controller replaces waits again, for a secret that the proxy may have had.
 * @param before nothing for a proxy that was not there then
 */
export const withheldSecrets = (
  now: ProxySecrets,
  before: ProxySecrets = new Map(),
): ReadonlyArray<string> =>
  [...now]
    .filter(([name, { timeouts, arrivals }]) => {
      const earlier = before.get(name) ?? NONE;
      return timeouts > earlier.timeouts && arrivals <= earlier.arrivals;
    })
    .map(([name]) => name)
    .sort();

export interface WithheldSecret {
  readonly pod: string;
  readonly secret: string;
  /** It has had it, and a listener or cluster of it waits for it again. */
  readonly hadItBefore: boolean;
}

interface SecretsOfProxy {
  readonly pod: string;
  readonly secrets: ProxySecrets;
}

/** By the UIDs of the pods. */
export type SecretsByProxy = ReadonlyMap<string, SecretsOfProxy>;

/** What serving proxies lack now; nothing that some proxy already lacked before. */
export const newlyWithheld = (
  before: SecretsByProxy,
  now: SecretsByProxy,
): ReadonlyArray<WithheldSecret> => {
  const lackedBefore = new Set(
    [...before.values()].flatMap(({ secrets }) => withheldSecrets(secrets)),
  );
  return [...now].flatMap(([uid, { pod, secrets }]) =>
    withheldSecrets(secrets, before.get(uid)?.secrets)
      .filter((secret) => !lackedBefore.has(secret))
      .map((secret) => ({ pod, secret, hadItBefore: (secrets.get(secret)?.arrivals ?? 0) > 0 })),
  );
};
