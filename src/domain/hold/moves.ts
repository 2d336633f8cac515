/** Which held pods have to be handed over or put back, from what their ReplicaSets want. */
import type { KubeObject } from "../kube/objects.ts";
import { belongsTo, isHandedOver } from "./hand-over.ts";
import { type HeldPods, isLeaving, isOwnedBy, wantedBy } from "./held-pods.ts";

export interface Move {
  readonly pod: KubeObject;
  readonly replicaSet: KubeObject;
}

interface Moves {
  readonly handOver: ReadonlyArray<Move>;
  readonly putBack: ReadonlyArray<KubeObject>;
}

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
