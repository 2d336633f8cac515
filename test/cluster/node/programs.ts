import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GoBuild, goBuild } from "../build.ts";
import { goFolder, kubernetesVersion } from "../tools.ts";
import { type Part, partFolder } from "./parts.ts";

/** What runs on a node and what its images hold, as far as it is built from Go modules. */

const goPart = (
  name: string,
  sources: ReadonlyArray<string>,
  programs: Readonly<Record<string, Omit<GoBuild, "output">>>,
): Part => ({
  name,
  sources,
  settings: programs,
  make: async (folder) => {
    for (const [program, build] of Object.entries(programs)) {
      await goBuild({ ...build, output: join(folder, program) });
    }
  },
});

/** Namespaces, mounts, network and DNS: ours. */
export const machine = goPart("machine", ["sandbox/go.mod", "sandbox/machine"], {
  machine: { module: "sandbox", package: "./machine" },
});

/** From the same modules as the control plane, and so mostly compiled with it. */
export const kubelet = goPart("kubelet", ["current"], {
  kubelet: {
    module: "current",
    package: "k8s.io/kubernetes/cmd/kubelet",
    variables: kubernetesVersion,
  },
});

/** The same, but for a few sums that are kept apart, lest the control plane be built again for them. */
export const kubeProxy: Part = {
  name: "kube-proxy",
  sources: ["current", "node/kube-proxy.sum"],
  settings: {},
  make: async (folder) => {
    const mod = join(folder, "kube-proxy.mod");
    const sum = join(folder, "kube-proxy.sum");
    copyFileSync(join(goFolder, "current/go.mod"), mod);
    const sums = ["current/go.sum", "node/kube-proxy.sum"].map((file) =>
      readFileSync(join(goFolder, file), "utf8"),
    );
    writeFileSync(sum, sums.join(""));
    await goBuild({
      module: "current",
      package: "k8s.io/kubernetes/cmd/kube-proxy",
      variables: kubernetesVersion,
      flags: [`-modfile=${mod}`],
      output: join(folder, "kube-proxy"),
    });
    for (const file of [mod, sum]) rmSync(file);
  },
};

const containerdProgram = (path: string): Omit<GoBuild, "output"> => ({
  module: "node",
  package: path,
  flags: ["-tags=no_btrfs no_zfs no_devmapper no_aufs"],
  variables: { "github.com/containerd/containerd/v2/version.Version": "2.4.2" },
});

/** containerd with what it starts, and the plugins of its network, in one folder as it wants them. */
export const containerd = goPart("containerd", ["node/go.mod", "node/go.sum"], {
  containerd: containerdProgram("github.com/containerd/containerd/v2/cmd/containerd"),
  "containerd-shim-runc-v2": containerdProgram(
    "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
  ),
  ctr: containerdProgram("github.com/containerd/containerd/v2/cmd/ctr"),
  ptp: containerdProgram("github.com/containernetworking/plugins/plugins/main/ptp"),
  loopback: containerdProgram("github.com/containernetworking/plugins/plugins/main/loopback"),
  "host-local": containerdProgram("github.com/containernetworking/plugins/plugins/ipam/host-local"),
});

export const pause = goPart("pause", ["sandbox/go.mod", "sandbox/pause"], {
  pause: { module: "sandbox", package: "./pause" },
});

export const streams = goPart("streams", ["streams"], {
  streams: { module: "streams", package: "." },
});

/** Built with the modules of Envoy Gateway, whose extension protocol it speaks. */
export const aiGatewayStub = goPart("ai-gateway-stub", ["current", "ai-gateway-stub"], {
  "ai-gateway-controller": { module: "current", package: "../ai-gateway-stub/main.go" },
});

/** The collector that the chart configures, and the rate limit service, each with modules of its own. */
export const otelCollector = goPart("otel-collector", ["otel-collector"], {
  "otel-collector": { module: "otel-collector", package: "." },
});

export const rateLimit = goPart("ratelimit", ["ratelimit"], {
  ratelimit: {
    module: "ratelimit",
    package: "github.com/envoyproxy/ratelimit/src/service_cmd",
  },
});

export const machineProgram = (): string => join(partFolder(machine), "machine");
