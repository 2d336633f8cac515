import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  authorityPath,
  type ControlPlane,
  call,
  get,
  kubeconfigPath,
  pki,
} from "./control-plane.ts";
import { type PodPace, podStages } from "./pod-lifecycle.ts";
import { startProcess, waitUntil } from "./processes.ts";
import { toolPath } from "./tools.ts";

const nodeNames = ["node-a", "node-b", "node-c"];

/**
 * KWOK plays kubelet for three nodes: it keeps their leases, runs the pod stages, serves logs. Beside real nodes they
 * are tainted, so that only pods that tolerate it are faked.
 */
export async function startFakeNodes(plane: ControlPlane, pace: PodPace): Promise<void> {
  const { dir, ports, realNodes } = plane;
  mkdirSync(join(dir, "kwok"), { recursive: true });
  const config = join(dir, "kwok", "kwok.yaml");
  const documents = [nodeStage, ...podStages(pace), containerLogs(dir)];
  writeFileSync(config, documents.map((document) => JSON.stringify(document)).join("\n---\n"));
  startProcess(dir, "kwok", toolPath("kwok"), [
    `--config=${config}`,
    `--kubeconfig=${kubeconfigPath(dir, "kwok")}`,
    realNodes ? `--manage-nodes-with-label-selector=${fakeLabel}` : "--manage-all-nodes",
    "--cidr=10.244.0.1/16",
    "--node-ip=127.0.0.1",
    `--node-port=${ports.kubelet}`,
    `--server-address=127.0.0.1:${ports.kubelet}`,
    `--tls-cert-file=${authorityPath(dir)}`,
    `--tls-private-key-file=${pki(dir, "apiserver.key")}`,
    "--node-lease-duration-seconds=40",
  ]);
  for (const [index, name] of nodeNames.entries()) {
    const { status, body } = await call(
      plane,
      "POST",
      "/api/v1/nodes",
      node(name, "abc".charAt(index), realNodes ? [fakeTaint] : []),
    );
    if (status !== 201) throw new Error(`node ${name} could not be created: ${body}`);
  }
  await waitUntil("the nodes", async () => (await readyNodes(plane)) === nodeNames.length, {
    dir,
    processes: ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"],
    seconds: 30,
  });
}

async function readyNodes(plane: ControlPlane): Promise<number> {
  const { body } = await get(plane, "/api/v1/nodes");
  const nodes = JSON.parse(body) as {
    items: ReadonlyArray<{
      metadata: { name: string };
      spec: { taints?: ReadonlyArray<{ key: string }> };
      status: { conditions?: { type: string; status: string }[] };
    }>;
  };
  return nodes.items.filter(
    ({ metadata, spec, status }) =>
      // A real node beside them may be ready before or after.
      nodeNames.includes(metadata.name) &&
      (spec.taints ?? []).every(({ key }) => key === fakeTaint.key) &&
      status.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  ).length;
}

const resources = { cpu: "16", memory: "64Gi", pods: "110", "ephemeral-storage": "100Gi" };

const fakeLabel = "type=kwok";
const fakeTaint = { key: "test.tars.io/fake", value: "true", effect: "NoSchedule" };

const node = (name: string, zone: string, taints: ReadonlyArray<object>) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: {
    name,
    labels: {
      type: "kwok",
      "kubernetes.io/hostname": name,
      "kubernetes.io/os": "linux",
      "kubernetes.io/arch": "amd64",
      "topology.kubernetes.io/region": "test",
      "topology.kubernetes.io/zone": `test-${zone}`,
    },
  },
  spec: { taints },
  status: { capacity: resources, allocatable: resources },
});

const nodeStage = {
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind: "Stage",
  metadata: { name: "node-ready" },
  spec: {
    resourceRef: { apiGroup: "v1", kind: "Node" },
    selector: {
      matchExpressions: [
        {
          key: '.status.conditions.[] | select(.type == "Ready") | .status',
          operator: "NotIn",
          values: ["True"],
        },
      ],
    },
    steps: [
      {
        patch: {
          subresource: "status",
          root: "status",
          type: "strategic",
          template: `
{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- {type: {{ .type }}, status: {{ .status | Quote }}, reason: {{ .reason }}, message: {{ .message | Quote }},
   lastHeartbeatTime: {{ $now | Quote }}, lastTransitionTime: {{ $now | Quote }} }
{{ end }}
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }} }
- {type: Hostname, address: {{ .metadata.name | Quote }} }
daemonEndpoints: {kubeletEndpoint: {Port: {{ NodePort }} } }
nodeInfo: {architecture: amd64, operatingSystem: linux, kubeletVersion: v1.36.3, kubeProxyVersion: "",
  containerRuntimeVersion: kwok, kernelVersion: kwok, osImage: kwok, bootID: "", machineID: "", systemUUID: ""}`,
        },
      },
    ],
  },
};

/** Every container has said the same last words, in the format of the container runtimes. */
function containerLogs(dir: string): object {
  const file = join(dir, "kwok", "container.log");
  const lines = [
    "stdout F starting",
    "stderr F error: cannot read the configuration: no such file or directory",
    "stderr F exiting with code 1",
  ];
  const stamp = new Date().toISOString().replace("Z", "000000Z");
  writeFileSync(file, lines.map((line) => `${stamp} ${line}\n`).join(""));
  return {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "ClusterLogs",
    metadata: { name: "container-logs" },
    spec: { logs: [{ logsFile: file, previousLogsFile: file }] },
  };
}
