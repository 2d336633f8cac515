/** What is known of the streams on each proxy, from looks at its pod and at its counts. Pure. */
import { Duration } from "effect";
import { conditionOf, type KubeObject, numberAt } from "../kube/objects.ts";
import type { ProxyCounts } from "./proxy-metrics.ts";
import { podDrain } from "./running-drain.ts";

export interface ProxyStreams {
  readonly pod: string;
  /** It served when the run began. */
  readonly old: boolean;
  /** At the last look; `undefined` until its counts were read. */
  readonly counts: ProxyCounts | undefined;
  /** Streams that went with a listener of the proxy that was replaced. */
  readonly cutByListener: number;
  /** Since when its deletion has been seen. */
  readonly leavingSinceMillis: number | undefined;
  /** For how long it drains; `undefined` where its hook is not understood. */
  readonly drain: Duration.Duration | undefined;
  /** It is no longer found where it was: it has ended, or goes on out of rotation. */
  readonly missing: boolean;
  /** Set once it has ended: how many of its streams it took along. */
  readonly cut: number | undefined;
}

/** By the UIDs of the pods. */
export type Proxies = ReadonlyMap<string, ProxyStreams>;

const uidOf = ({ metadata }: KubeObject): string => metadata.uid ?? metadata.name;

const isServing = (pod: KubeObject): boolean => conditionOf(pod, "Ready")?.status === "True";

/** The rest of the drain of a pod that is deleted with another grace period. */
const drainOf = (pod: KubeObject): Duration.Duration | undefined => {
  const given = numberAt(pod, "metadata", "deletionGracePeriodSeconds");
  const drain = podDrain(pod);
  if (given === undefined) return drain;
  return drain === undefined && given > 0
    ? undefined
    : Duration.min(drain ?? Duration.zero, Duration.seconds(given));
};

/**
 * The proxies after a look at the pods. A pod that was on its way out when it was first seen is none of this run's doing.
 */
export const found = (
  before: Proxies | undefined,
  pods: ReadonlyArray<KubeObject>,
  atMillis: number,
): Proxies => {
  const present = new Map(pods.map((pod) => [uidOf(pod), pod]));
  const next = new Map(
    [...(before ?? [])].map(([uid, proxy]) => [uid, { ...proxy, missing: !present.has(uid) }]),
  );
  for (const [uid, pod] of present) {
    const leaving = pod.metadata.deletionTimestamp !== undefined;
    const known = next.get(uid);
    if (known === undefined && leaving) continue;
    next.set(uid, {
      pod: pod.metadata.name,
      old: known?.old ?? (before === undefined && isServing(pod)),
      counts: known?.counts,
      cutByListener: known?.cutByListener ?? 0,
      leavingSinceMillis: known?.leavingSinceMillis ?? (leaving ? atMillis : undefined),
      // The kubelet's last deletion, after the drain, leaves no grace period.
      drain: known?.leavingSinceMillis === undefined ? drainOf(pod) : known.drain,
      missing: false,
      cut: known?.cut,
    });
  }
  return next;
};

const changed = (
  before: Proxies,
  uid: string,
  change: (proxy: ProxyStreams) => ProxyStreams,
): Proxies => {
  const proxy = before.get(uid);
  return proxy === undefined ? before : new Map(before).set(uid, change(proxy));
};

/**
 * A listener that has drained closes what is left: whatever was aborted since the last look went with it. Envoy counts
 * these as aborted by the client.
 */
const cutSince = (before: ProxyCounts | undefined, now: ProxyCounts): number =>
  before !== undefined && now.listenersDraining < before.listenersDraining
    ? Math.max(0, now.abortedConnections - before.abortedConnections)
    : 0;

export const counted = (before: Proxies, uid: string, counts: ProxyCounts): Proxies =>
  changed(before, uid, (proxy) => ({
    ...proxy,
    counts,
    cutByListener: proxy.cutByListener + cutSince(proxy.counts, counts),
  }));

/** What was seen last, right before its end; counts that could not be read stay unknown. */
export const letGo = (before: Proxies, pod: string, openStreams: number): Proxies =>
  new Map(
    [...before].map(([uid, proxy]) => [
      uid,
      proxy.pod === pod && proxy.counts !== undefined
        ? { ...proxy, counts: { ...proxy.counts, openStreams } }
        : proxy,
    ]),
  );

/** Between the end of a drain and the pod's. */
const SLACK_MILLIS = 1_000;

/**
 * A proxy that ended before its drain was over ended because its last connection had: what the last look still saw open
 * came to its end since.
 */
const cutBy = ({ counts, leavingSinceMillis, drain }: ProxyStreams, atMillis: number): number => {
  const open = counts?.openStreams ?? 0;
  if (leavingSinceMillis === undefined || drain === undefined) return open;
  const lasted = atMillis - leavingSinceMillis;
  return lasted + SLACK_MILLIS < Duration.toMillis(drain) ? 0 : open;
};

/** The pod does not exist any more. */
export const ended = (before: Proxies, uid: string, atMillis: number): Proxies =>
  changed(before, uid, (proxy) =>
    proxy.cut === undefined ? { ...proxy, cut: cutBy(proxy, atMillis) } : proxy,
  );

export const isLeaving = ({ leavingSinceMillis, missing, cut }: ProxyStreams): boolean =>
  cut === undefined && (leavingSinceMillis !== undefined || missing);

export const openOn = ({ counts, cut }: ProxyStreams): number | undefined =>
  cut === undefined ? counts?.openStreams : 0;

/** On its way out, with streams that are waited for. */
export const isBusy = (proxy: ProxyStreams): boolean =>
  isLeaving(proxy) && (openOn(proxy) ?? 0) > 0;

/** Its streams have an end: that of the proxy, or of the listener they came through. */
export const isDraining = (proxy: ProxyStreams): boolean =>
  isLeaving(proxy) || (proxy.cut === undefined && (proxy.counts?.listenersDraining ?? 0) > 0);
