/** How the API server deletes: at once, unless something still has to happen first. */
import {
  type KubeObject,
  Namespace,
  numberAt,
  Pod,
  type ResourceType,
} from "../../../src/domain/kube/objects.ts";

/** What the API server gives a pod that does not say. */
export const DEFAULT_GRACE_SECONDS = 30;

export const graceSecondsOf = (pod: KubeObject): number =>
  numberAt(pod, "spec", "terminationGracePeriodSeconds") ?? DEFAULT_GRACE_SECONDS;

/** What is left of the object after a request to delete it; `undefined` when it is gone at once. */
export const afterDeletion = (
  type: ResourceType,
  object: KubeObject,
  now: number,
): KubeObject | undefined => {
  if (object.metadata.deletionTimestamp !== undefined) return object;
  const grace = type.plural === Pod.plural ? graceSecondsOf(object) : 0;
  // A namespace has a finalizer of its own, which its controller takes away when nothing is left in it.
  const held = (object.metadata.finalizers ?? []).length > 0 || type.plural === Namespace.plural;
  if (grace === 0 && !held) return undefined;
  const deletionTimestamp = new Date(now + grace * 1000).toISOString();
  return { ...object, metadata: { ...object.metadata, deletionTimestamp } };
};

/** An object that was only held by its finalizers goes with the last of them. */
export const withoutFinalizersLeft = (
  before: KubeObject | undefined,
  { metadata }: KubeObject,
): boolean =>
  metadata.deletionTimestamp !== undefined &&
  (before?.metadata.finalizers ?? []).length > 0 &&
  (metadata.finalizers ?? []).length === 0;
