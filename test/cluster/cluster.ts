import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ControlPlane,
  get,
  kubeconfig,
  kubeconfigPath,
  prepareControlPlane,
  startControllers,
  startEtcd,
  startApiServer as startServer,
  stopApiServer as stopServer,
  writeKubeconfigs,
} from "./control-plane.ts";
import { startFakeNodes } from "./fake-nodes.ts";
import { startGuard, stateFile } from "./guarded.ts";
import { machineProcess, stopMachine } from "./node/machine.ts";
import { type RealNode, realNode, startMachines, startRealNodes } from "./node/real-node.ts";
import { isRunning, processNames, stopProcess, waitUntil } from "./processes.ts";
import { cacheRoot, toolPath } from "./tools.ts";

export {
  type EnvoyGatewayOptions,
  type EnvoyGatewayVersion,
  followEnvoyGateway,
  isEnvoyGatewayRunning,
  startEnvoyGateway,
  stopEnvoyGateway,
} from "./envoy-gateway.ts";
export type { RealNode } from "./node/real-node.ts";

/** A real Kubernetes control plane on loopback, with fake nodes. */
export interface Cluster {
  /** Where its state, its logs and `audit.log` are. */
  readonly dir: string;
  /** Of the administrator. */
  readonly kubeconfig: string;
  readonly helm3: string;
  readonly helm4: string;
  /** Helm 4.1, whose rollback differs from that of later ones. */
  readonly helm41: string;
  readonly kubectl: string;
  /** For programs that are to see this cluster and none of the user's settings. */
  readonly env: NodeJS.ProcessEnv;
  /** Where pods really run, if the cluster was started with such nodes. */
  readonly node?: RealNode;
  /** Ends every process of the cluster and removes its folder. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** The cluster outlives this process; otherwise it is stopped when this process ends, however. */
  readonly detached?: boolean;
  /** How long a container takes to be ready. */
  readonly readyMilliseconds?: number;
  /** Nodes beside the fake ones that run pods; they need root and `npm run node:build`. */
  readonly realNodes?: 1 | 2 | undefined;
  /** Makes an authority for client certificates in the folder it is given, and returns its file. */
  readonly clientAuthority?: (folder: string) => string;
}

const lastFile = () => join(cacheRoot(), "last");

export async function startCluster({
  detached = false,
  readyMilliseconds = 600,
  realNodes,
  clientAuthority,
}: StartOptions = {}): Promise<Cluster> {
  const dir = mkdtempSync(join(tmpdir(), "tare-test-cluster-"));
  const guard = detached ? undefined : startGuard(dir);
  try {
    const plane = await prepareControlPlane(dir, realNodes, clientAuthority);
    writeFileSync(stateFile(dir), JSON.stringify(plane), { mode: 0o600 });
    startEtcd(plane);
    await Promise.all([
      startServer(plane),
      realNodes ? startMachines(plane, realNodes) : undefined,
    ]);
    writeKubeconfigs(plane);
    startControllers(plane);
    await Promise.all([
      startFakeNodes(plane, { readyMilliseconds }),
      defaultAccount(plane),
      realNodes ? startRealNodes(plane, realNodes) : undefined,
    ]);
    // One that ends with its owner is nobody else's to stop.
    if (detached) {
      mkdirSync(cacheRoot(), { recursive: true });
      writeFileSync(lastFile(), dir);
    }
    return describe(dir, guard);
  } catch (error) {
    await stopOwn(dir, guard);
    throw error;
  }
}

/** A cluster that another process started. */
export function openCluster(dir: string): Cluster {
  if (!isCluster(dir)) throw new Error(`no test cluster in ${dir}`);
  return describe(dir, undefined);
}

/** So that nothing but the folder of a cluster is ever removed. */
export function isCluster(dir: string): boolean {
  return existsSync(stateFile(dir));
}

/** The folder of the cluster that was started last, if it is still there. */
export function lastCluster(): string | undefined {
  if (!existsSync(lastFile())) return undefined;
  const dir = readFileSync(lastFile(), "utf8");
  return isCluster(dir) ? dir : undefined;
}

/** Ends exactly the processes that were started for the cluster in this folder, and removes it. */
export async function stopCluster(dir: string): Promise<void> {
  // Nothing here is worth a flush to disk: what has not ended in 2 s is killed.
  const stop = (name: string) => stopProcess(dir, name, { graceMilliseconds: 2000 });
  // A follower would start again what is stopped beside it.
  const followers = processNames(dir).filter((name) => name.endsWith("-follower"));
  await Promise.all(followers.map(stop));
  const others = processNames(dir).filter((name) => name !== machineProcess);
  // With the machine end all who run on it, at once.
  await Promise.all([stopMachine(dir), ...others.map(stop)]);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

export function isClusterRunning(dir: string): boolean {
  return isRunning(dir, "kube-apiserver");
}

/** Kills the API server, as when its node goes down; with a grace time it ends in order. */
export function stopApiServer(
  cluster: Cluster,
  options?: { readonly graceMilliseconds?: number },
): Promise<void> {
  return stopServer(controlPlane(cluster), options);
}

/** Starts it again with the same address, certificate and data. */
export function startApiServer(cluster: Cluster): Promise<void> {
  return startServer(controlPlane(cluster));
}

/** Applies every manifest of a folder on the server side and waits until the CRDs are served. */
export async function applyCrds(
  cluster: Cluster,
  folder: string,
  { fieldManager = "helm" }: { readonly fieldManager?: string } = {},
): Promise<void> {
  const manager = `--field-manager=${fieldManager}`;
  await kubectl(cluster, ["apply", "--server-side", "--force-conflicts", manager, "-f", folder]);
  const plane = controlPlane(cluster);
  await waitUntil("the CRDs", () => allEstablished(plane), {
    dir: cluster.dir,
    processes: ["kube-apiserver"],
    seconds: 60,
  });
}

/** One request for all: kubectl would wait for each in turn. */
async function allEstablished(plane: ControlPlane): Promise<boolean> {
  const { body } = await get(plane, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
  const { items } = JSON.parse(body) as {
    items: ReadonlyArray<{ status?: { conditions?: ReadonlyArray<Condition> } }>;
  };
  return items.every(({ status }) =>
    status?.conditions?.some(({ type, status }) => type === "Established" && status === "True"),
  );
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

/** What kubectl says on stdout; a failure is an error that carries stderr. */
export async function kubectl(
  cluster: Cluster,
  args: ReadonlyArray<string>,
  { input }: { readonly input?: string | object } = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(cluster, cluster.kubectl, args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: exit code ${code}\n${stderr}`);
  return stdout;
}

/** A kubeconfig file for a ServiceAccount that exists: what it may do is up to RBAC. */
export async function accountKubeconfig(
  cluster: Cluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<string> {
  const token = await accountToken(cluster, namespace, name);
  const file = join(cluster.dir, `${namespace}.${name}.kubeconfig`);
  const config = kubeconfig(controlPlane(cluster), name, { token });
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

export async function accountToken(
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<string> {
  const args = ["create", "token", name, `--namespace=${namespace}`, "--duration=24h"];
  return (await kubectl(cluster, args)).trim();
}

export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with the cluster's environment; `input` other than text goes in as JSON. */
export function run(
  cluster: Pick<Cluster, "env">,
  command: string,
  args: ReadonlyArray<string>,
  { input }: { readonly input?: string | object | undefined } = {},
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: cluster.env, stdio: "pipe" });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.on("error", () => {});
    child.stdin.end(typeof input === "object" ? JSON.stringify(input) : (input ?? ""));
  });
}

/** The ports and tokens behind a cluster. */
export function controlPlane(cluster: Pick<Cluster, "dir">): ControlPlane {
  return JSON.parse(readFileSync(stateFile(cluster.dir), "utf8")) as ControlPlane;
}

function describe(dir: string, guard: ChildProcess | undefined): Cluster {
  const { realNodes } = controlPlane({ dir });
  const adminConfig = kubeconfigPath(dir, "admin");
  return {
    dir,
    kubeconfig: adminConfig,
    // Others can be tried before they are pinned.
    helm3: process.env.TARE_TEST_HELM3 ?? toolPath("helm3"),
    helm4: process.env.TARE_TEST_HELM4 ?? toolPath("helm4"),
    helm41: toolPath("helm41"),
    kubectl: toolPath("kubectl"),
    env: {
      ...process.env,
      KUBECONFIG: adminConfig,
      KUBECACHEDIR: join(dir, "home", "kubectl"),
      HELM_CACHE_HOME: join(dir, "home", "helm", "cache"),
      HELM_CONFIG_HOME: join(dir, "home", "helm", "config"),
      HELM_DATA_HOME: join(dir, "home", "helm", "data"),
    },
    ...(realNodes ? { node: realNode(dir, realNodes) } : {}),
    stop: () => stopOwn(dir, guard),
  };
}

async function stopOwn(dir: string, guard: ChildProcess | undefined): Promise<void> {
  guard?.kill();
  await stopCluster(dir);
}

/** A pod needs the account of its namespace, which the controller manager makes. */
function defaultAccount(plane: ControlPlane): Promise<void> {
  const path = "/api/v1/namespaces/default/serviceaccounts/default";
  return waitUntil("the controllers", async () => (await get(plane, path)).status === 200, {
    dir: plane.dir,
    processes: ["kube-apiserver", "kube-controller-manager"],
    seconds: 30,
  });
}
