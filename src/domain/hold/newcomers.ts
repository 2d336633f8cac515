/**
 * Proxies that come while others are held. An autoscaler, or a rollout that changes the number of replicas together with the
 * template, has the old ReplicaSet make pods as well: they drain as briefly as those that are held already.
 */
import type { Duration } from "effect";
import { type KubeObject, numberAt } from "../kube/objects.ts";
import { runningDrain } from "../streams/running-drain.ts";
import { shortDrains } from "../streams/short-drain.ts";
import { type HeldPods, isLeaving, isOwnedBy, wantedBy } from "./held-pods.ts";
import { HELD_LABEL } from "./names.ts";

/** ReplicaSets of briefly draining proxies that have, or want, more of them than are held. */
export const growing = (
  { replicaSets, pods }: HeldPods,
  asked: Duration.Duration,
): ReadonlyArray<KubeObject> =>
  replicaSets.filter((replicaSet) => {
    if (shortDrains([runningDrain(replicaSet)], asked).length === 0) return false;
    const held = pods.filter((pod) => !isLeaving(pod) && isOwnedBy(pod, replicaSet)).length;
    const present = numberAt(replicaSet, "status", "replicas") ?? 0;
    return Math.max(present, wantedBy(replicaSet)) > held;
  });

/** Those of `pods` that belong to one of `replicaSets` and are in no hold yet. */
export const newcomersOf = (
  pods: ReadonlyArray<KubeObject>,
  replicaSets: ReadonlyArray<KubeObject>,
): ReadonlyArray<KubeObject> =>
  pods.filter(
    (pod) =>
      !isLeaving(pod) &&
      pod.metadata.labels?.[HELD_LABEL] === undefined &&
      replicaSets.some((replicaSet) => isOwnedBy(pod, replicaSet)),
  );
