import { Duration } from "effect";
import type { RunningDrain } from "./drain/running-drain.ts";
import { formatGoDuration } from "./go-duration.ts";

/** The replicas of the largest data-plane Deployment. */
export const liveReplicas = (drains: ReadonlyArray<RunningDrain>): number =>
  Math.max(0, ...drains.map(({ replicas }) => replicas));

/** Until new proxies are scheduled, have their images and are ready. */
const START_UP = Duration.minutes(1);

/**
 * A sentence with the numbers when `timeout` cannot hold the start of the new proxies and a drain. Old proxies drain side
 * by side, so their number does not matter; each takes what it was started with, or what is asked for now.
 */
export const rolloutBudgetWarning = (
  timeout: Duration.Duration,
  asked: Duration.Duration,
  running: ReadonlyArray<RunningDrain>,
): string | undefined => {
  if (liveReplicas(running) === 0) return undefined;
  const drain = running.reduce((longest, one) => Duration.max(longest, one.drain ?? asked), asked);
  return Duration.isLessThan(timeout, Duration.sum(drain, START_UP))
    ? `--timeout ${formatGoDuration(timeout)} is shorter than a drain (${formatGoDuration(drain)}) and the start of ` +
        `new proxies (${formatGoDuration(START_UP)}): the upgrade can run out of time while streams end`
    : undefined;
};
