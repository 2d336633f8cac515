import { type ChildProcess, spawn } from "node:child_process";
import { type ControlPlane, call, get } from "../control-plane.ts";
import { waitUntil } from "../processes.ts";
import {
  containerdProcess,
  type NodeSpec,
  registryAddress,
  startContainerd,
} from "./containerd.ts";
import { kubeletProcess, startKubelet } from "./kubelet.ts";
import { onMachine, startMachine } from "./machine.ts";
import { plantSeed } from "./seed.ts";
import { startNodeServices } from "./services.ts";

/** Nodes on which pods really run. They share one machine, and so its network. */
export interface RealNode {
  readonly names: ReadonlyArray<string>;
  /** Runs a program in the node's network namespace, where Services and pods are reachable. */
  spawn(command: string, args: ReadonlyArray<string>): ChildProcess;
  /** Host and port of the registry that every pull ends at: what it lacks does not exist. */
  readonly registry: string;
}

const [first, second] = [
  { name: "real-a", zone: "test-a", address: "10.89.0.1", subnet: "10.245.1.0/24" },
  { name: "real-b", zone: "test-b", address: "10.89.0.2", subnet: "10.245.2.0/24" },
] as const satisfies ReadonlyArray<NodeSpec>;

const specs = (count: 1 | 2): ReadonlyArray<NodeSpec> => (count === 1 ? [first] : [first, second]);

export function realNode(dir: string, count: 1 | 2): RealNode {
  return {
    names: specs(count).map(({ name }) => name),
    spawn: (command, args) => {
      const [exec, execArgs] = onMachine(dir, command, args);
      return spawn(exec, execArgs, { stdio: "pipe" });
    },
    registry: registryAddress,
  };
}

/** The machine with its containerds, which need no API server: they can start beside it. */
export async function startMachines({ dir, ports }: ControlPlane, count: 1 | 2): Promise<void> {
  for (const { name } of specs(count)) plantSeed(dir, name);
  await startMachine(dir, {
    addresses: specs(count).map(({ address }) => address),
    api: `127.0.0.1:${ports.api}`,
  });
  for (const node of specs(count)) startContainerd(dir, node);
}

/** Makes nodes of it once there is an API server, and waits until pods can be placed on them. */
export async function startRealNodes(plane: ControlPlane, count: 1 | 2): Promise<void> {
  const { dir } = plane;
  await announceApiServer(plane);
  startNodeServices(dir, first);
  for (const [index, node] of specs(count).entries()) startKubelet(dir, node, index, first.address);
  const ready = async () =>
    (await Promise.all(specs(count).map(({ name }) => takesPods(plane, name)))).every(Boolean);
  await waitUntil("the real nodes", ready, {
    dir,
    processes: [
      "machine",
      "kube-proxy",
      "dns",
      "registry",
      ...specs(count).flatMap(({ name }) => [containerdProcess(name), kubeletProcess(name)]),
    ],
    seconds: 60,
  });
}

/** The API server has no address of its own that pods could reach, so it is reached on the first node. */
async function announceApiServer(plane: ControlPlane): Promise<void> {
  const { status, body } = await call(
    plane,
    "POST",
    "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "kubernetes", labels: { "kubernetes.io/service-name": "kubernetes" } },
      addressType: "IPv4",
      endpoints: [{ addresses: [first.address], conditions: { ready: true } }],
      ports: [{ name: "https", port: 6443, protocol: "TCP" }],
    },
  );
  if (status !== 201) throw new Error(`the API server could not be announced: ${body}`);
}

async function takesPods(plane: ControlPlane, name: string): Promise<boolean> {
  const { status, body } = await get(plane, `/api/v1/nodes/${name}`);
  if (status !== 200) return false;
  const node = JSON.parse(body) as {
    spec: { taints?: unknown };
    status: { conditions?: ReadonlyArray<{ type: string; status: string }> };
  };
  return (
    node.spec.taints === undefined &&
    node.status.conditions?.some((it) => it.type === "Ready" && it.status === "True") === true
  );
}
