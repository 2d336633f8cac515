/** Which release an object belongs to, as Helm writes it on the object. */
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import type { ReleaseRef } from "../../../src/domain/release/release.ts";

const MANAGED_BY = "app.kubernetes.io/managed-by";
const NAME = "meta.helm.sh/release-name";
const NAMESPACE = "meta.helm.sh/release-namespace";

export const marked = (object: KubeObject, { name, namespace }: ReleaseRef): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    labels: { ...object.metadata.labels, [MANAGED_BY]: "Helm" },
    annotations: { ...object.metadata.annotations, [NAME]: name, [NAMESPACE]: namespace },
  },
});

const objectionTo = (
  what: "label" | "annotation",
  key: string,
  found: string | undefined,
  wanted: string,
): ReadonlyArray<string> => {
  if (found === wanted) return [];
  return found === undefined
    ? [`${what} validation error: missing key "${key}": must be set to "${wanted}"`]
    : [
        `${what} validation error: key "${key}" must equal "${wanted}": current value is "${found}"`,
      ];
};

/** Why the object is not the release's to change; `undefined` when it is. */
export const ownershipObjection = (
  { metadata }: KubeObject,
  { name, namespace }: ReleaseRef,
): string | undefined => {
  const objections = [
    ...objectionTo("label", MANAGED_BY, metadata.labels?.[MANAGED_BY], "Helm"),
    ...objectionTo("annotation", NAME, metadata.annotations?.[NAME], name),
    ...objectionTo("annotation", NAMESPACE, metadata.annotations?.[NAMESPACE], namespace),
  ];
  return objections.length === 0 ? undefined : objections.join("; ");
};
