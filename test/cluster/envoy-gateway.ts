import { copyFileSync, existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { dirname, join } from "node:path";
import { accountToken, type Cluster, controlPlane, kubectl, run } from "./cluster.ts";
import { authorityPath } from "./control-plane.ts";
import { freePorts, isRunning, startProcess, stopProcess, waitUntil } from "./processes.ts";
import { type ToolName, toolPath } from "./tools.ts";

/** 1.7 is the controller of an older installation: it does without the CRDs that 1.8 brought. */
export type EnvoyGatewayVersion = "1.7" | "1.8";

export interface EnvoyGatewayOptions {
  readonly version?: EnvoyGatewayVersion;
  /** Where it "runs": home of its certificates. Created if absent. */
  readonly namespace?: string;
  /** Whose rights it has; without one it acts as the administrator. */
  readonly serviceAccount?: string;
  /** An EnvoyGateway document to use instead of the default one. */
  readonly config?: object;
}

const processName = "envoy-gateway";
const followerName = "envoy-gateway-follower";
const healthPort = 8081;

interface Release {
  readonly program: ToolName;
  /** It also runs beside every proxy, as the shutdown manager. */
  readonly image: string;
}

const releases: Readonly<Record<EnvoyGatewayVersion, Release>> = {
  "1.7": { program: "envoy-gateway-older", image: "registry.example/gateway:v1.7.0" },
  "1.8": { program: "envoy-gateway", image: "registry.example/gateway:v1.8.3" },
};

/**
 * Starts the real controller beside the cluster, in a root folder and a network of its own, and
 * waits until its caches are filled. One that runs is replaced. It starts again when it exits.
 */
export async function startEnvoyGateway(
  cluster: Cluster,
  options: EnvoyGatewayOptions = {},
): Promise<void> {
  const health = await launch(cluster, options);
  const what = `Envoy Gateway ${options.version ?? "1.8"}`;
  await waitUntil(what, () => answers(health, "/readyz"), {
    dir: cluster.dir,
    processes: [processName],
    seconds: 60,
  });
}

/** The same without the wait: a controller that lacks a CRD keeps exiting, as it does in a pod. */
export async function launch(cluster: Cluster, options: EnvoyGatewayOptions): Promise<number> {
  const { version = "1.8", namespace = "tars-system" } = options;
  const { image } = releases[version];
  const program = toolPath(releases[version].program);
  await stopProcess(cluster.dir, processName);
  const root = join(cluster.dir, processName);
  rmSync(root, { recursive: true, force: true });
  const put = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode: 0o600 });
  };
  mkdirSync(join(root, "tmp"), { recursive: true });
  link(program, join(root, processName));
  put("config/envoy-gateway.yaml", JSON.stringify(options.config ?? defaultConfig(image)));

  await createNamespace(cluster, namespace);
  for (const [file, content] of await certificates(cluster, program, namespace)) {
    put(`certs/${file}`, content);
  }
  const account = "var/run/secrets/kubernetes.io/serviceaccount";
  const name = options.serviceAccount;
  const { tokens, ports } = controlPlane(cluster);
  put(`${account}/token`, name ? await accountToken(cluster, namespace, name) : tokens.admin);
  put(`${account}/namespace`, namespace);
  copyFileSync(authorityPath(cluster.dir), join(root, account, "ca.crt"));

  const [health = 0] = await freePorts(1);
  const api = `127.0.0.1:${ports.api}`;
  startProcess(
    cluster.dir,
    processName,
    toolPath("sandbox"),
    [
      `-root=${root}`,
      `-out=${api}`,
      `-in=127.0.0.1:${health}=127.0.0.1:${healthPort}`,
      `/${processName}`,
      "server",
      "--config-path=/config/envoy-gateway.yaml",
    ],
    {
      ENVOY_GATEWAY_NAMESPACE: namespace,
      KUBERNETES_CLUSTER_DOMAIN: "cluster.local",
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: String(ports.api),
      TMPDIR: "/tmp",
      HOME: "/tmp",
    },
  );
  return health;
}

export async function stopEnvoyGateway(cluster: Cluster): Promise<void> {
  await stopProcess(cluster.dir, followerName);
  await stopProcess(cluster.dir, processName);
}

/**
 * From now on the controller runs as its Deployment says: the release that the image's tag names,
 * with the ConfigMap's settings and the account's rights, for as long as one of its pods is ready.
 */
export async function followEnvoyGateway(
  cluster: Cluster,
  { namespace = "tars-system", deployment = "envoy-gateway" } = {},
): Promise<void> {
  await stopEnvoyGateway(cluster);
  const script = join(import.meta.dirname, "envoy-gateway-follower.ts");
  const args = [script, cluster.dir, namespace, deployment];
  startProcess(cluster.dir, followerName, process.execPath, args, cluster.env);
}

export function isEnvoyGatewayRunning(cluster: Cluster): boolean {
  return isRunning(cluster.dir, processName);
}

/** There is one copy, and the API server of this cluster cannot call its webhook. */
export const localSettings = {
  leaderElection: { disable: true },
  topologyInjector: { disable: true },
};

const defaultConfig = (shutdownManagerImage: string) => ({
  apiVersion: "gateway.envoyproxy.io/v1alpha1",
  kind: "EnvoyGateway",
  gateway: { controllerName: "gateway.envoyproxy.io/gatewayclass-controller" },
  provider: {
    type: "Kubernetes",
    kubernetes: {
      deploy: { type: "GatewayNamespace" },
      shutdownManager: { image: shutdownManagerImage },
      ...localSettings,
    },
  },
});

async function createNamespace(cluster: Cluster, name: string): Promise<void> {
  const { code } = await run(cluster, cluster.kubectl, ["get", "namespace", name]);
  if (code !== 0) await kubectl(cluster, ["create", "namespace", name]);
}

/** Made by the controller's own command, as its chart's hook does; existing ones are kept. */
async function certificates(
  cluster: Cluster,
  program: string,
  namespace: string,
): Promise<ReadonlyArray<readonly [string, Buffer]>> {
  const env = { ...cluster.env, ENVOY_GATEWAY_NAMESPACE: namespace };
  const made = await run({ env }, program, ["certgen", "--disable-topology-injector"]);
  if (made.code !== 0)
    throw new Error(`envoy-gateway certgen failed\n${made.stdout}${made.stderr}`);
  const secret = await kubectl(cluster, [
    "get",
    "secret",
    processName,
    `-n=${namespace}`,
    "-o=json",
  ]);
  const { data } = JSON.parse(secret) as { readonly data: Readonly<Record<string, string>> };
  return Object.entries(data).map(([file, text]) => [file, Buffer.from(text, "base64")] as const);
}

/** A link where the file system allows one: the program is large. */
function link(from: string, to: string): void {
  if (existsSync(to)) return;
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({ host: "127.0.0.1", port, path, agent: false, timeout: 2000 });
    outgoing.once("response", (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.once("timeout", () => outgoing.destroy());
    outgoing.once("error", () => resolve(false));
    outgoing.end();
  });
}
