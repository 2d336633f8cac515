/** What became of the streams, as it is reported. */
import { Duration } from "effect";
import { isBusy, isDraining, openOn, type Proxies, type ProxyStreams } from "./proxies.ts";

export interface CutStreams {
  readonly pod: string;
  readonly streams: number;
  /** What they went with: the proxy, or a listener of it that was replaced. */
  readonly by: "proxy" | "listener";
  /** The drain of the proxy that was over; absent where it is not known, and for a listener. */
  readonly drainSeconds?: number;
}

export interface OpenStreams {
  readonly pod: string;
  readonly streams: number;
}

export interface StreamTally {
  /** On the proxies that ran when the run began. */
  readonly openAtStart: number;
  readonly cut: ReadonlyArray<CutStreams>;
  /** On proxies that were still draining when the run ended. */
  readonly stillOpen: ReadonlyArray<OpenStreams>;
  /** Proxies of the start whose streams could not be counted. */
  readonly uncounted: number;
}

export type StreamOutcome =
  | { readonly _tag: "Counted"; readonly tally: StreamTally }
  /** Of no proxy the counts could be read. */
  | { readonly _tag: "NotCounted"; readonly why: string };

export const cutInAll = ({ cut }: StreamTally): number =>
  cut.reduce((sum, { streams }) => sum + streams, 0);

const byPod = (left: { readonly pod: string }, right: { readonly pod: string }): number =>
  left.pod < right.pod ? -1 : 1;

const cutsOf = ({
  pod,
  cut = 0,
  cutByListener,
  drain,
}: ProxyStreams): ReadonlyArray<CutStreams> => [
  ...(cutByListener === 0 ? [] : [{ pod, streams: cutByListener, by: "listener" } as const]),
  ...(cut === 0
    ? []
    : [
        {
          pod,
          streams: cut,
          by: "proxy",
          ...(drain === undefined ? {} : { drainSeconds: Duration.toSeconds(drain) }),
        } as const,
      ]),
];

/** @param atStart how many were open at the start, by UID; only proxies that could be counted */
export const tallyOf = (proxies: Proxies, atStart: ReadonlyMap<string, number>): StreamTally => {
  const all = [...proxies.values()];
  return {
    openAtStart: [...atStart.values()].reduce((sum, open) => sum + open, 0),
    cut: all.flatMap(cutsOf).sort(byPod),
    stillOpen: all
      .filter(isBusy)
      .map((proxy) => ({ pod: proxy.pod, streams: openOn(proxy) ?? 0 }))
      .sort(byPod),
    uncounted: [...proxies].filter(([uid, { old }]) => old && !atStart.has(uid)).length,
  };
};

/** Proxies on their way out, with the streams they still have; those that could not be counted are left out. */
export const draining = (proxies: Proxies): ReadonlyArray<OpenStreams> =>
  [...proxies.values()]
    .filter(isDraining)
    .flatMap((proxy) => {
      const streams = openOn(proxy);
      return streams === undefined ? [] : [{ pod: proxy.pod, streams }];
    })
    .sort(byPod);

/** On all proxies of the start; `undefined` where one of them could not be counted. */
export const openInAll = (proxies: Proxies): number | undefined =>
  [...proxies.values()]
    .filter(({ old }) => old)
    .map(openOn)
    .reduce<number | undefined>(
      (sum, open) => (sum === undefined || open === undefined ? undefined : sum + open),
      0,
    );
