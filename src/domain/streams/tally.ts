/** What became of the streams, as it is reported. */
import { Duration } from "effect";
import { isBusy, isLeaving, type Proxies, type ProxyStreams } from "./proxies.ts";

export interface CutStreams {
  readonly pod: string;
  readonly streams: number;
  /** That were not enough for them; absent where it is not known. */
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

const cutOf = ({ pod, cut = 0, drain }: ProxyStreams): CutStreams => ({
  pod,
  streams: cut,
  ...(drain === undefined ? {} : { drainSeconds: Duration.toSeconds(drain) }),
});

/** @param atStart how many were open at the start, by UID; only proxies that could be counted */
export const tallyOf = (proxies: Proxies, atStart: ReadonlyMap<string, number>): StreamTally => {
  const all = [...proxies.values()];
  return {
    openAtStart: [...atStart.values()].reduce((sum, open) => sum + open, 0),
    cut: all
      .filter(({ cut = 0 }) => cut > 0)
      .map(cutOf)
      .sort(byPod),
    stillOpen: all
      .filter(isBusy)
      .map(({ pod, open = 0 }) => ({ pod, streams: open }))
      .sort(byPod),
    uncounted: [...proxies].filter(([uid, { old }]) => old && !atStart.has(uid)).length,
  };
};

/** Proxies on their way out, with the streams they still have; those that nobody could count are left out. */
export const draining = (proxies: Proxies): ReadonlyArray<OpenStreams> =>
  [...proxies.values()]
    .filter(isLeaving)
    .flatMap(({ pod, open }) => (open === undefined ? [] : [{ pod, streams: open }]))
    .sort(byPod);
