/** What is known of the streams on each proxy, from looks at its pod and at its counts. Pure. */
import { Duration } from "effect";
import { podDrain } from "../drain/running-drain.ts";
import { conditionOf, type KubeObject, numberAt } from "../kube.ts";

export interface ProxyStreams {
  readonly pod: string;
  /** It served when the run began. */
  readonly old: boolean;
  /** At the last look; `undefined` until its counts were read. */
  readonly open: number | undefined;
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

/** What is left of the drain when somebody deletes the pod with a grace period of their own. */
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
      open: known?.open,
      leavingSinceMillis: known?.leavingSinceMillis ?? (leaving ? atMillis : undefined),
      drain: drainOf(pod),
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

export const counted = (before: Proxies, uid: string, open: number): Proxies =>
  changed(before, uid, (proxy) => ({ ...proxy, open }));

/** Between the end of a drain and the pod's. */
const SLACK_MILLIS = 1_000;

/**
 * A proxy that ended before its drain was over ended because its last connection had: what the last look still saw open
 * came to its end since.
 */
const cutBy = ({ open = 0, leavingSinceMillis, drain }: ProxyStreams, atMillis: number): number => {
  if (leavingSinceMillis === undefined || drain === undefined) return open;
  const lasted = atMillis - leavingSinceMillis;
  return lasted + SLACK_MILLIS < Duration.toMillis(drain) ? 0 : open;
};

/** The pod does not exist any more. */
export const ended = (before: Proxies, uid: string, atMillis: number): Proxies =>
  changed(before, uid, (proxy) =>
    proxy.cut === undefined ? { ...proxy, open: 0, cut: cutBy(proxy, atMillis) } : proxy,
  );

export const isLeaving = ({ leavingSinceMillis, missing, cut }: ProxyStreams): boolean =>
  cut === undefined && (leavingSinceMillis !== undefined || missing);

/** On its way out, with streams that are waited for. */
export const isBusy = (proxy: ProxyStreams): boolean =>
  isLeaving(proxy) && proxy.open !== undefined && proxy.open > 0;
