/** What the kubelet tells of a pod in Events, beside its status. */
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import type { Container } from "./container.ts";
import { longNameOf, pullErrorText } from "./pod-status.ts";

export interface Told {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

const told = (reason: string, message: string, type: Told["type"] = "Warning"): Told => ({
  type,
  reason,
  message,
});

/** What there is to tell when a container comes into its state. */
export const tellingsOf = (container: Container, pod: KubeObject): ReadonlyArray<Told> => {
  switch (container.state) {
    case "pull-failed":
      return [
        told("Failed", `Failed to pull image "${container.image}": ${pullErrorText(container)}`),
        told("Failed", "Error: ErrImagePull"),
      ];
    case "pull-back-off":
      return [
        told("BackOff", `Back-off pulling image "${container.image}"`, "Normal"),
        told("Failed", "Error: ImagePullBackOff"),
      ];
    case "back-off":
      return [
        told(
          "BackOff",
          `Back-off restarting failed container ${container.name} in pod ${longNameOf(pod)}`,
        ),
      ];
    case "running":
      return container.until === Number.POSITIVE_INFINITY
        ? [told("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")]
        : [];
    default:
      return [];
  }
};

/** One Event for a pod and what is told of it; told again, it counts. */
export const eventObject = (
  name: string,
  pod: KubeObject,
  container: Container,
  { type, reason, message }: Told,
  { first, count, now }: { readonly first: string; readonly count: number; readonly now: number },
): KubeObject => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: {
    name,
    ...(pod.metadata.namespace === undefined ? {} : { namespace: pod.metadata.namespace }),
  },
  involvedObject: {
    apiVersion: "v1",
    kind: "Pod",
    name: pod.metadata.name,
    namespace: pod.metadata.namespace,
    uid: pod.metadata.uid,
    fieldPath: `spec.containers{${container.name}}`,
  },
  type,
  reason,
  message,
  source: { component: "kubelet" },
  reportingComponent: "kubelet",
  firstTimestamp: first,
  lastTimestamp: new Date(now).toISOString(),
  count,
});
