/** Held pods, and the ReplicaSets that make and delete them. */
import { type KubeObject, numberAt } from "../kube/objects.ts";

export interface HeldPods {
  /** Of the data plane. */
  readonly replicaSets: ReadonlyArray<KubeObject>;
  /** All that carry the hold's label. */
  readonly pods: ReadonlyArray<KubeObject>;
}

export const isLeaving = ({ metadata }: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined;

export const isOwnedBy = (pod: KubeObject, { metadata }: KubeObject): boolean =>
  pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) ?? false;

/** A ReplicaSet that is being deleted wants none. */
export const wantedBy = (replicaSet: KubeObject): number =>
  isLeaving(replicaSet) ? 0 : (numberAt(replicaSet, "spec", "replicas") ?? 1);
