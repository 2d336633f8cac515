/** A proxy pod on its way out of rotation, and back. */
import { fieldAt, type KubeObject, type OwnerReference } from "../kube/objects.ts";
import { HANDED_OVER_ANNOTATION, HELD_LABEL, TAKEN_LABELS_ANNOTATION } from "./names.ts";

type Labels = Readonly<Record<string, string>>;

const without = (labels: Labels, keys: ReadonlySet<string>): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !keys.has(key)));

export const held = (pod: KubeObject, hold: string): KubeObject => ({
  ...pod,
  metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [HELD_LABEL]: hold } },
});

export const noLongerHeld = (pod: KubeObject): KubeObject => ({
  ...pod,
  metadata: {
    ...pod.metadata,
    labels: without(pod.metadata.labels ?? {}, new Set([HELD_LABEL])),
  },
});

/** The labels by which the ReplicaSet, and with it the Service and the disruption budget, find their pods. */
export const selectorKeys = (replicaSet: KubeObject): ReadonlyArray<string> =>
  Object.keys((fieldAt(replicaSet, "spec", "selector", "matchLabels") ?? {}) as object);

/**
 * The pod without the labels of its ReplicaSet: no Service sends it anything new, no ReplicaSet counts it or may end it.
 * Its containers know nothing of that, and streams go on.
 */
export const handedOver = (
  pod: KubeObject,
  {
    keys,
    owner,
    at,
  }: {
    readonly keys: ReadonlyArray<string>;
    readonly owner: OwnerReference;
    readonly at: Date;
  },
): KubeObject => {
  const labels = pod.metadata.labels ?? {};
  const taken = Object.fromEntries(
    keys.flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: without(labels, new Set(keys)),
      annotations: {
        ...pod.metadata.annotations,
        [TAKEN_LABELS_ANNOTATION]: JSON.stringify(taken),
        [HANDED_OVER_ANNOTATION]: at.toISOString(),
      },
      ownerReferences: [owner],
    },
  };
};

export const isHandedOver = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.[HELD_LABEL] !== undefined &&
  metadata.annotations?.[TAKEN_LABELS_ANNOTATION] !== undefined;

const takenLabels = ({ metadata }: KubeObject): Labels => {
  try {
    const taken: unknown = JSON.parse(metadata.annotations?.[TAKEN_LABELS_ANNOTATION] ?? "{}");
    return Object.fromEntries(
      Object.entries(typeof taken === "object" && taken !== null ? taken : {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === "string",
      ),
    );
  } catch {
    return {};
  }
};

/** With its labels again and without an owner, so that its ReplicaSet takes it back; still held. */
export const putBack = (pod: KubeObject): KubeObject => ({
  ...pod,
  metadata: {
    ...pod.metadata,
    labels: { ...pod.metadata.labels, ...takenLabels(pod) },
    annotations: without(
      pod.metadata.annotations ?? {},
      new Set([TAKEN_LABELS_ANNOTATION, HANDED_OVER_ANNOTATION]),
    ),
    ownerReferences: [],
  },
});

/** Whether the pod, back under its labels, would be one of the ReplicaSet's. */
export const belongsTo = (pod: KubeObject, replicaSet: KubeObject): boolean => {
  const labels = { ...pod.metadata.labels, ...takenLabels(pod) };
  const selector = fieldAt(replicaSet, "spec", "selector", "matchLabels");
  const wanted = Object.entries((selector ?? {}) as object);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
};
