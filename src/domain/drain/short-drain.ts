/** Proxies that end streams earlier than this upgrade asks: their hooks were written when they were started. */
import { Duration } from "effect";
import { formatGoDuration } from "../go-duration.ts";
import type { RunningDrain } from "./running-drain.ts";

/** A Deployment whose running proxies end streams earlier than an upgrade asks for. */
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
 * @param short Deployments whose proxies nothing holds, from `shortDrains`
 * @param openStreams on all their proxies; `undefined` where they cannot be counted
 * @param lacking the permissions without which they cannot be held, e.g. `create jobs.batch in namespace tars-dataplane`
 */
export const shortDrainWarning = (
  short: ReadonlyArray<{ readonly drain: Duration.Duration }>,
  openStreams: number | undefined,
  lacking: ReadonlyArray<string>,
): string | undefined => {
  const [first, ...others] = short;
  if (first === undefined) return undefined;
  const shortest = others.reduce((least, { drain }) => Duration.min(least, drain), first.drain);
  const open = openStreams === undefined ? "" : `${streamsText(openStreams)}; `;
  return (
    `the running proxies drain for at most ${formatGoDuration(shortest)}; ${open}longer ones will be cut: ` +
    `this account is not allowed to hold them (it cannot ${lacking.join("; ")})`
  );
};
