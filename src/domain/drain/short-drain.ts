/** Proxies that end streams earlier than this upgrade asks: their hooks were written when they were started. */
import { Duration } from "effect";
import { formatGoDuration } from "../go-duration.ts";
import type { RunningDrain } from "./running-drain.ts";

/** A Deployment or DaemonSet whose running proxies end streams earlier than an upgrade asks for. */
export interface ShortDrain extends RunningDrain {
  readonly drain: Duration.Duration;
}

/** Those with proxies that end streams earlier than `asked`; what cannot be read is taken at its word. */
export const shortDrains = (
  drains: ReadonlyArray<RunningDrain>,
  asked: Duration.Duration,
): ReadonlyArray<ShortDrain> =>
  drains.flatMap((one) =>
    one.replicas > 0 && one.drain !== undefined && Duration.isLessThan(one.drain, asked)
      ? [{ ...one, drain: one.drain }]
      : [],
  );

const streamsText = (open: number): string =>
  open === 1 ? "1 stream is open" : `${open} streams are open`;

/**
 * E.g. `drain for at most 1m; 23 streams are open; longer ones will be cut`
 * @param short Deployments and DaemonSets whose proxies nothing holds; at least one
 * @param openStreams on all their proxies; `undefined` where they cannot be counted
 */
export const unheldText = (
  short: ReadonlyArray<Pick<ShortDrain, "drain">>,
  openStreams: number | undefined,
): string => {
  const shortest = short.map(({ drain }) => drain).reduce((one, other) => Duration.min(one, other));
  const open = openStreams === undefined ? "" : `${streamsText(openStreams)}; `;
  return `drain for at most ${formatGoDuration(shortest)}; ${open}longer ones will be cut`;
};

/** @param why nothing will hold them */
export const shortDrainWarning = (
  short: ReadonlyArray<Pick<ShortDrain, "drain">>,
  openStreams: number | undefined,
  why: string,
): string => `the running proxies ${unheldText(short, openStreams)}: ${why}`;
