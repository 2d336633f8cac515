import { Duration } from "effect";
import { formatGoDuration } from "./go-duration.ts";
import { type KubeObject, numberAt } from "./kube.ts";

/** The replicas of the largest data-plane Deployment: those are the pods that may have to drain one after another. */
export const liveReplicas = (deployments: ReadonlyArray<KubeObject>): number =>
  Math.max(
    0,
    ...deployments.map(
      (deployment) =>
        numberAt(deployment, "status", "replicas") ?? numberAt(deployment, "spec", "replicas") ?? 0,
    ),
  );

/**
 * A sentence with the numbers when `timeout` cannot hold a drain of every replica in turn. Equal is enough: that is
 * what the defaults amount to.
 */
export const rolloutBudgetWarning = (
  timeout: Duration.Duration,
  drain: Duration.Duration,
  replicas: number,
): string | undefined => {
  const needed = Duration.times(drain, replicas);
  return Duration.isLessThan(timeout, needed)
    ? `--timeout ${formatGoDuration(timeout)} is shorter than drain × replicas ` +
        `(${formatGoDuration(drain)} × ${replicas} = ${formatGoDuration(needed)}): a slow drain can fail the upgrade`
    : undefined;
};
