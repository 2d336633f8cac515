import { Duration } from "effect";
import type { Warning } from "../report/warning.ts";
import type { RunningDrain } from "../streams/running-drain.ts";

/** The replicas of the largest data-plane Deployment. */
export const liveReplicas = (drains: ReadonlyArray<RunningDrain>): number =>
  Math.max(0, ...drains.map(({ replicas }) => replicas));

/** Until new proxies are scheduled, have their images and are ready. */
const START_UP = Duration.minutes(1);

/**
 * The numbers when `timeout` cannot hold the start of the new proxies and a drain. Old proxies drain side
 * by side, so their number does not matter; each takes what it was started with, or what is asked for now.
 */
export const rolloutBudgetWarning = (
  timeout: Duration.Duration,
  asked: Duration.Duration,
  running: ReadonlyArray<RunningDrain>,
): Warning | undefined => {
  if (liveReplicas(running) === 0) return undefined;
  const drain = running.reduce((longest, one) => Duration.max(longest, one.drain ?? asked), asked);
  return Duration.isLessThan(timeout, Duration.sum(drain, START_UP))
    ? { code: "timeout-below-drain", timeout, drain, startUp: START_UP }
    : undefined;
};
