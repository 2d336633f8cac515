import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubeconfigPath } from "../control-plane.ts";
import { containerdSocket, type NodeSpec, nodeFolder } from "./containerd.ts";
import { startOnMachine } from "./machine.ts";
import { partFolder } from "./parts.ts";
import { kubelet } from "./programs.ts";

export const kubeletProcess = (name: string): string => `kubelet-${name}`;

/** `index` keeps the ports of two kubelets in one network apart where the address does not. */
export function startKubelet(dir: string, node: NodeSpec, index: number, dns: string): void {
  const { name, zone, address } = node;
  const folder = nodeFolder(dir, name);
  const root = join(folder, "kubelet");
  mkdirSync(root, { recursive: true });
  const config = join(folder, "kubelet.json");
  writeFileSync(join(folder, "resolv.conf"), "");
  writeFileSync(config, JSON.stringify(configuration(folder, node, index, dns), null, 2));
  startOnMachine(dir, kubeletProcess(name), join(partFolder(kubelet), "kubelet"), [
    `--config=${config}`,
    `--kubeconfig=${kubeconfigPath(dir, "admin")}`,
    `--hostname-override=${name}`,
    `--node-ip=${address}`,
    `--root-dir=${root}`,
    `--cert-dir=${join(root, "pki")}`,
    `--node-labels=topology.kubernetes.io/zone=${zone},topology.kubernetes.io/region=test`,
  ]);
}

const configuration = (
  folder: string,
  { name, address }: NodeSpec,
  index: number,
  dns: string,
): object => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  containerRuntimeEndpoint: `unix://${containerdSocket(name)}`,
  failCgroupV1: false,
  cgroupDriver: "cgroupfs",
  // With more CPUs than there are, the kernel would refuse the kubelet's own groups.
  cgroupsPerQOS: false,
  enforceNodeAllocatable: [],
  // It can only be reached from the machine.
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: "AlwaysAllow" },
  address,
  port: 10250,
  readOnlyPort: 0,
  healthzPort: 10248 + 10 * index,
  clusterDNS: [dns],
  clusterDomain: "cluster.local",
  resolvConf: join(folder, "resolv.conf"),
  podLogsDir: join(folder, "logs"),
  volumePluginDir: join(folder, "volume-plugins"),
  failSwapOn: false,
  // A full disk of the machine outside is none of its business.
  evictionHard: {
    "memory.available": "0%",
    "nodefs.available": "0%",
    "nodefs.inodesFree": "0%",
    "imagefs.available": "0%",
  },
  imageGCHighThresholdPercent: 100,
  imageMaximumGCAge: "0s",
  localStorageCapacityIsolation: false,
  maxPods: 60,
  oomScoreAdj: 0,
  nodeStatusUpdateFrequency: "4s",
  kubeAPIQPS: 100,
  kubeAPIBurst: 200,
  registryPullQPS: 0,
  eventRecordQPS: 50,
  serializeImagePulls: false,
  makeIPTablesUtilChains: false,
  // What the kernel denies it may be denied: the machine's settings are not its own.
  featureGates: { KubeletInUserNamespace: true },
});
