import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pauseImage } from "./images.ts";
import { machineFolder, startOnMachine } from "./machine.ts";
import { partFolder } from "./parts.ts";
import { containerd } from "./programs.ts";

export interface NodeSpec {
  readonly name: string;
  readonly zone: string;
  readonly address: string;
  /** Of its pods. */
  readonly subnet: string;
}

/** A registry on the first node: what it does not have does not exist, as far as the nodes know. */
export const registryAddress = "10.89.0.1:5000";

export const nodeFolder = (dir: string, name: string): string => join(machineFolder(dir), name);

/** Not in the cluster's folder, whose path may be too long for a socket's: /run is the machine's own. */
export const containerdSocket = (name: string): string => `/run/${name}/containerd.sock`;

/** Where its images and containers are; may be filled before it starts. */
export const containerdRoot = (dir: string, name: string): string =>
  join(nodeFolder(dir, name), "containerd");

export const containerdProcess = (name: string): string => `containerd-${name}`;

export function startContainerd(dir: string, { name, subnet }: NodeSpec): void {
  const folder = nodeFolder(dir, name);
  const put = (path: string, content: string) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content);
    return join(folder, path);
  };
  put("cni/10-tare.conflist", JSON.stringify(network(name, subnet), null, 2));
  for (const host of ["_default", "docker.io"]) put(`certs.d/${host}/hosts.toml`, registryHost);
  const config = put("containerd.toml", containerdConfig(dir, name));
  startOnMachine(dir, containerdProcess(name), join(partFolder(containerd), "containerd"), [
    "--config",
    config,
  ]);
}

/** Each pod has a link to the machine, which routes between them; nothing leads out of it. */
const network = (name: string, subnet: string) => ({
  cniVersion: "1.0.0",
  name,
  plugins: [
    {
      type: "ptp",
      ipMasq: false,
      ipam: { type: "host-local", ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
  ],
});

const registryHost = `server = "http://${registryAddress}"
[host."http://${registryAddress}"]
  capabilities = ["pull", "resolve"]
`;

const containerdConfig = (dir: string, name: string) => `version = 3
root = "${containerdRoot(dir, name)}"
state = "/run/${name}"
[grpc]
  address = "${containerdSocket(name)}"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "${pauseImage}"
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = "${join(nodeFolder(dir, name), "certs.d")}"
[plugins.'io.containerd.cri.v1.runtime']
  # Root of a container may lack the capability to lower the score again.
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["${partFolder(containerd)}"]
    conf_dir = "${join(nodeFolder(dir, name), "cni")}"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;
