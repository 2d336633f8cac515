import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubeconfigPath } from "../control-plane.ts";
import { type NodeSpec, registryAddress } from "./containerd.ts";
import { machineFolder, startOnMachine } from "./machine.ts";
import { dockerRegistry } from "./packages.ts";
import { partFolder } from "./parts.ts";
import { kubeProxy, machineProgram } from "./programs.ts";

/** What all nodes of the machine share: Services, their names, a registry. */
export function startNodeServices(dir: string, { name, address }: NodeSpec): void {
  const put = (file: string, content: object) => {
    const path = join(machineFolder(dir), file);
    writeFileSync(path, JSON.stringify(content, null, 2));
    return path;
  };
  startOnMachine(dir, "dns", machineProgram(), [
    "dns",
    `-kubeconfig=${kubeconfigPath(dir, "admin")}`,
    `-listen=${address}:53`,
  ]);

  const storage = join(machineFolder(dir), "registry");
  mkdirSync(storage, { recursive: true });
  const registry = put("registry.yaml", {
    version: 0.1,
    storage: { filesystem: { rootdirectory: storage } },
    http: { addr: registryAddress },
  });
  startOnMachine(dir, "registry", join(partFolder(dockerRegistry), "usr/bin/docker-registry"), [
    "serve",
    registry,
  ]);

  const proxy = put("kube-proxy.json", proxyConfiguration(dir, name, address));
  startOnMachine(dir, "kube-proxy", join(partFolder(kubeProxy), "kube-proxy"), [
    `--config=${proxy}`,
  ]);
}

const proxyConfiguration = (dir: string, node: string, address: string): object => ({
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  mode: "nftables",
  nftables: { minSyncPeriod: "100ms", syncPeriod: "30s" },
  clientConnection: { kubeconfig: kubeconfigPath(dir, "admin") },
  clusterCIDR: "10.245.0.0/16",
  hostnameOverride: node,
  // These would be settings of the whole machine.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  oomScoreAdj: 0,
  healthzBindAddress: `${address}:10256`,
  metricsBindAddress: "127.0.0.1:10249",
});
