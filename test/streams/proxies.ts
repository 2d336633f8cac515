import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { OWNING_GATEWAY_LABEL } from "../../src/domain/data-plane.ts";
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
export const PROXIES = ["--selector", `${OWNING_GATEWAY_LABEL}=egress`] as const;

export const watchProxies = (cluster: Cluster): ProxyWatch => {
  const pods = new Map<string, ProxyPod>();
  const args = ["get", "pods", ...DATA_PLANE, ...PROXIES];
  const kubectl = spawn(
    cluster.kubectl,
    [...args, "--watch", "--output-watch-events", "--output", "json"],
    { env: cluster.env, stdio: ["ignore", "pipe", "inherit"] },
  );
  createInterface(kubectl.stdout).on("line", (line) => {
    const { type, object } = JSON.parse(line) as { type: string; object: Unstructured };
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
    template: pod.metadata.labels["pod-template-hash"] ?? before?.template ?? "",
    // What is gone has no address any more, and was at one.
    address: pod.status.podIP ?? before?.address,
    ready: conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    endsSince: before?.endsSince ?? (ending ? new Date() : undefined),
    goneAt: type === "DELETED" ? new Date() : undefined,
  };
};
