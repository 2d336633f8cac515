import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { OWNING_GATEWAY_LABEL } from "../../src/domain/rollout/data-plane.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Unstructured } from "../cluster/unstructured.ts";

/** A proxy pod, from when it was first seen. Times are of this machine's clock. */
export interface ProxyPod {
  readonly name: string;
  readonly node: string;
  /** Hash of the pod template it was made from. */
  readonly template: string;
  readonly address: string | undefined;
  readonly ready: boolean;
  /** Whether the Gateway's Service counts it. One that tare has handed over only ends its streams. */
  readonly isServing: boolean;
  /** When it was told to end. */
  readonly endsSince: Date | undefined;
  readonly goneAt: Date | undefined;
}

export interface ProxyWatch {
  /** Every proxy there was, the ones that are gone included. */
  readonly seen: () => ReadonlyArray<ProxyPod>;
  readonly stop: () => void;
}

export const DATA_PLANE = ["--namespace", "tars-dataplane"] as const;

/** Whether its streams may still be cut: it is told to end, or about to be. */
export const isLeaving = ({ isServing, endsSince, goneAt }: ProxyPod): boolean =>
  goneAt === undefined && (!isServing || endsSince !== undefined);

export const watchProxies = (cluster: Cluster): ProxyWatch => {
  const pods = new Map<string, ProxyPod>();
  const watch = ["--watch", "--output-watch-events", "--output", "json"];
  const kubectl = spawn(cluster.kubectl, ["get", "pods", ...DATA_PLANE, ...watch], {
    env: cluster.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  createInterface(kubectl.stdout).on("line", (line) => {
    const { type, object } = JSON.parse(line) as { type: string; object: Unstructured };
    // By name: a proxy keeps it, and may lose its labels.
    if (!object.metadata.name.startsWith("egress-")) return;
    const uid: string = object.metadata.uid;
    pods.set(uid, podAfter(pods.get(uid), type, object));
  });
  return {
    seen: () => [...pods.values()],
    stop: () => {
      kubectl.kill();
    },
  };
};

const podAfter = (before: ProxyPod | undefined, type: string, pod: Unstructured): ProxyPod => {
  const ending = pod.metadata.deletionTimestamp !== undefined;
  const conditions: ReadonlyArray<Unstructured> = pod.status.conditions ?? [];
  return {
    name: pod.metadata.name,
    node: pod.spec.nodeName ?? before?.node ?? "",
    template: pod.metadata.labels?.["pod-template-hash"] ?? before?.template ?? "",
    // What is gone has no address any more, and was at one.
    address: pod.status.podIP ?? before?.address,
    ready: conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    isServing: pod.metadata.labels?.[OWNING_GATEWAY_LABEL] === "egress",
    endsSince: before?.endsSince ?? (ending ? new Date() : undefined),
    goneAt: type === "DELETED" ? new Date() : undefined,
  };
};
