/** Pods that others than the chart make pull images too: whether with the Secret that the release pulls its own with. */
import { fieldAt, type KubeObject, listAt } from "../kube/objects.ts";

const refersTo = (podSpec: unknown, secret: string): boolean =>
  listAt(podSpec, "imagePullSecrets").some((one) => fieldAt(one, "name") === secret);

const isPodOf = (workload: KubeObject, pod: KubeObject): boolean =>
  pod.metadata.namespace === workload.metadata.namespace &&
  Object.entries(
    (fieldAt(workload, "spec", "selector", "matchLabels") ?? {}) as Record<string, unknown>,
  ).every(([label, value]) => pod.metadata.labels?.[label] === value);

/** An account can add a Secret to its pods: what a template lacks, they may have. */
export const pullWithout = (
  secret: string,
  workloads: ReadonlyArray<KubeObject>,
  pods: ReadonlyArray<KubeObject>,
): ReadonlyArray<KubeObject> =>
  workloads.filter((workload) => {
    if (refersTo(fieldAt(workload, "spec", "template", "spec"), secret)) return false;
    const own = pods.filter((pod) => isPodOf(workload, pod));
    return own.length === 0 || !own.every((pod) => refersTo(fieldAt(pod, "spec"), secret));
  });
