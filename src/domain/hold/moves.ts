/** Which held pods have to be handed over or put back, from what their ReplicaSets want. */
import { type KubeObject, numberAt } from "../kube/objects.ts";
import { belongsTo, isHandedOver } from "./hand-over.ts";

export interface HeldPods {
  /** Of the data plane. */
  readonly replicaSets: ReadonlyArray<KubeObject>;
  /** All that carry the hold's label. */
  readonly pods: ReadonlyArray<KubeObject>;
}

export interface Move {
  readonly pod: KubeObject;
  readonly replicaSet: KubeObject;
}

interface Moves {
  readonly handOver: ReadonlyArray<Move>;
  readonly putBack: ReadonlyArray<KubeObject>;
}

const isLeaving = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

const isOwnedBy = (pod: KubeObject, { metadata }: KubeObject): boolean =>
  pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) ?? false;

/** A ReplicaSet that is being deleted wants none. */
const wantedBy = (replicaSet: KubeObject): number =>
  isLeaving(replicaSet) ? 0 : (numberAt(replicaSet, "spec", "replicas") ?? 1);

const byName = (left: KubeObject, right: KubeObject): number =>
  left.metadata.name < right.metadata.name ? -1 : 1;

/**
 * A ReplicaSet that wants fewer pods than it has would delete the rest, and is kept from it: they are handed over. One that
 * wants more again, since a rollback gives it back its place, gets back what it had before it makes new pods.
 */
export const movesOf = ({ replicaSets, pods }: HeldPods): Moves => {
  const present = pods.filter((pod) => !isLeaving(pod)).sort(byName);
  const moves = replicaSets.map((replicaSet) => {
    const owned = present.filter((pod) => !isHandedOver(pod) && isOwnedBy(pod, replicaSet));
    const away = present.filter((pod) => isHandedOver(pod) && belongsTo(pod, replicaSet));
    const wanted = wantedBy(replicaSet);
    return {
      handOver: owned.slice(wanted).map((pod) => ({ pod, replicaSet })),
      putBack: away.slice(0, Math.max(0, wanted - owned.length)),
    };
  });
  return {
    handOver: moves.flatMap(({ handOver }) => handOver),
    putBack: moves.flatMap(({ putBack }) => putBack),
  };
};
