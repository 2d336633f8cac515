/** Proxies that end streams earlier than this upgrade asks: their hooks were written when they were started. */
import { Duration } from "effect";
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

/** For how long streams of these can go on; at least one. */
export const shortestDrain = (short: ReadonlyArray<Pick<ShortDrain, "drain">>): Duration.Duration =>
  short.map(({ drain }) => drain).reduce((one, other) => Duration.min(one, other));
