import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { insideSocket } from "./node/machine.ts";
import { freePorts, startProcess, stopProcess, untilPortIsFree, waitUntil } from "./processes.ts";
import { toolPath } from "./tools.ts";

/** What is written down of a cluster, so that another process can open it. */
export interface ControlPlane {
  readonly dir: string;
  readonly ports: {
    readonly etcd: number;
    readonly etcdPeer: number;
    readonly api: number;
    readonly kubelet: number;
  };
  readonly tokens: Readonly<Record<User, string>>;
  /** How many nodes beside the fake ones run pods; the API server then calls pods and Services on them. */
  readonly realNodes?: 1 | 2;
  /** The file of the authority that signs client certificates. */
  readonly clientAuthority?: string;
}

type User = "admin" | "kube-controller-manager" | "kube-scheduler" | "kwok";

const groups: Readonly<Record<User, string>> = {
  admin: "system:masters",
  "kube-controller-manager": "",
  "kube-scheduler": "",
  kwok: "system:masters",
};

const userName = (user: User) => (user.startsWith("kube-") ? `system:${user}` : user);

export const pki = (dir: string, file: string): string => join(dir, "pki", file);
export const kubeconfigPath = (dir: string, user: User): string => join(dir, `${user}.kubeconfig`);
/** Made by the API server when it first starts: its certificate and the authority that signed it. */
export const authorityPath = (dir: string): string => pki(dir, "apiserver.crt");

/** Nothing starts before the whole state is on disk: whatever happens then can be cleaned up. */
export async function prepareControlPlane(
  dir: string,
  realNodes: 1 | 2 | undefined,
  clientAuthority?: (folder: string) => string,
): Promise<ControlPlane> {
  const [etcd = 0, etcdPeer = 0, api = 0, kubelet = 0] = await freePorts(4);
  const token = () => randomBytes(24).toString("hex");
  mkdirSync(pki(dir, ""), { recursive: true, mode: 0o700 });
  const plane: ControlPlane = {
    dir,
    ...(clientAuthority && { clientAuthority: clientAuthority(pki(dir, "")) }),
    ports: { etcd, etcdPeer, api, kubelet },
    tokens: {
      admin: token(),
      "kube-controller-manager": token(),
      "kube-scheduler": token(),
      kwok: token(),
    },
    ...(realNodes ? { realNodes } : {}),
  };
  const users = Object.entries(plane.tokens) as ReadonlyArray<[User, string]>;
  const lines = users.map(
    ([user, secret]) => `${secret},${userName(user)},${user},"${groups[user]}"`,
  );
  writeFileSync(pki(dir, "tokens.csv"), `${lines.join("\n")}\n`, { mode: 0o600 });
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(pki(dir, "sa.pub"), keys.publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(pki(dir, "sa.key"), keys.privateKey.export({ type: "pkcs8", format: "pem" }), {
    mode: 0o600,
  });
  const policy = {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    rules: [
      { level: "None", nonResourceURLs: ["/readyz*", "/healthz*", "/livez*"] },
      { level: "Metadata" },
    ],
  };
  writeFileSync(join(dir, "audit-policy.json"), JSON.stringify(policy));
  return plane;
}

export function startEtcd({ dir, ports }: ControlPlane): void {
  startProcess(dir, "etcd", toolPath("etcd"), [
    `--data-dir=${join(dir, "etcd")}`,
    `--listen-client-urls=http://127.0.0.1:${ports.etcd}`,
    `--advertise-client-urls=http://127.0.0.1:${ports.etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${ports.etcdPeer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${ports.etcdPeer}`,
    `--initial-cluster=default=http://127.0.0.1:${ports.etcdPeer}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ]);
}

export async function startApiServer(plane: ControlPlane): Promise<void> {
  const { dir, ports, realNodes } = plane;
  await untilPortIsFree(ports.api, 60);
  startProcess(dir, "kube-apiserver", toolPath("kube-apiserver"), [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${ports.api}`,
    `--cert-dir=${pki(dir, "")}`,
    `--token-auth-file=${pki(dir, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${pki(dir, "sa.pub")}`,
    `--service-account-signing-key-file=${pki(dir, "sa.key")}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    // The address of the "kubernetes" service may not be a loopback one, so it gets no endpoint.
    "--endpoint-reconciler-type=none",
    "--kubelet-preferred-address-types=InternalIP",
    "--allow-privileged",
    "--profiling=false",
    `--audit-policy-file=${join(dir, "audit-policy.json")}`,
    `--audit-log-path=${join(dir, "audit.log")}`,
    ...(realNodes ? [`--egress-selector-config-file=${egressSelector(dir)}`] : []),
    ...(plane.clientAuthority === undefined ? [] : [`--client-ca-file=${plane.clientAuthority}`]),
  ]);
  await waitUntil("the API server", async () => (await get(plane, "/readyz")).status === 200, {
    dir,
    processes: ["etcd", "kube-apiserver"],
    seconds: 60,
  });
}

/** Kubelets, webhooks and pods are called by HTTP CONNECT over a Unix socket, which leads to where they are. */
function egressSelector(dir: string): string {
  const file = join(dir, "egress.json");
  const transport = { uds: { udsName: insideSocket(dir) } };
  const connection = { proxyProtocol: "HTTPConnect", transport };
  const config = {
    apiVersion: "apiserver.k8s.io/v1beta1",
    kind: "EgressSelectorConfiguration",
    egressSelections: [{ name: "cluster", connection }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** Kills it, as a node that goes down would, unless a graceful stop is asked for. */
export function stopApiServer(
  plane: Pick<ControlPlane, "dir">,
  { graceMilliseconds = 0 }: { readonly graceMilliseconds?: number } = {},
): Promise<void> {
  return stopProcess(plane.dir, "kube-apiserver", { graceMilliseconds });
}

/** The two that turn objects into other objects; they have no ports of their own. */
export function startControllers({ dir }: ControlPlane): void {
  startProcess(dir, "kube-controller-manager", toolPath("kube-controller-manager"), [
    `--kubeconfig=${kubeconfigPath(dir, "kube-controller-manager")}`,
    "--secure-port=0",
    "--leader-elect=false",
    "--use-service-account-credentials",
    `--service-account-private-key-file=${pki(dir, "sa.key")}`,
    `--root-ca-file=${authorityPath(dir)}`,
    "--controllers=*,-cloud-node-lifecycle-controller,-node-route-controller,-service-lb-controller",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
    "--horizontal-pod-autoscaler-sync-period=2s",
    "--profiling=false",
  ]);
  startProcess(dir, "kube-scheduler", toolPath("kube-scheduler"), [
    `--kubeconfig=${kubeconfigPath(dir, "kube-scheduler")}`,
    "--secure-port=0",
    "--leader-elect=false",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
    "--profiling=false",
  ]);
}

/** Written once the API server has made its certificate. */
export function writeKubeconfigs(plane: ControlPlane): void {
  for (const [user, token] of Object.entries(plane.tokens) as ReadonlyArray<[User, string]>) {
    const config = kubeconfig(plane, userName(user), { token });
    writeFileSync(kubeconfigPath(plane.dir, user), JSON.stringify(config, null, 2), {
      mode: 0o600,
    });
  }
}

/** A kubeconfig of this cluster for any credentials, say a ServiceAccount's token. */
export function kubeconfig(
  plane: Pick<ControlPlane, "dir" | "ports">,
  user: string,
  credentials: { readonly token: string },
): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "tare-test",
    contexts: [{ name: "tare-test", context: { cluster: "tare-test", user } }],
    clusters: [
      {
        name: "tare-test",
        cluster: {
          server: `https://127.0.0.1:${plane.ports.api}`,
          "certificate-authority-data": readFileSync(authorityPath(plane.dir)).toString("base64"),
        },
      },
    ],
    users: [{ name: user, user: credentials }],
  };
}

export const get = (plane: ControlPlane, path: string) => call(plane, "GET", path);

/** One request to the API server as the administrator. */
export function call(
  plane: ControlPlane,
  method: "GET" | "POST",
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port: plane.ports.api,
        method,
        path,
        ca: readFileSync(authorityPath(plane.dir)),
        agent: false,
        timeout: 5000,
        headers: {
          authorization: `Bearer ${plane.tokens.admin}`,
          ...(body ? { "content-type": "application/json" } : {}),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
        });
      },
    );
    outgoing.once("error", reject);
    outgoing.once("timeout", () => outgoing.destroy(new Error(`${path}: no answer in 5 s`)));
    outgoing.end(body ? JSON.stringify(body) : undefined);
  });
}
