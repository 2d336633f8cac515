import { parseArgs } from "node:util";
import { buildTools } from "./build.ts";
import {
  applyCrds,
  type Cluster,
  followEnvoyGateway,
  isClusterRunning,
  openCluster,
  startCluster,
  startEnvoyGateway,
} from "./cluster.ts";
import { onMachineCommand } from "./node/machine.ts";
import { buildNode } from "./node/node-build.ts";
import { installOlder, olderNodeValues } from "./node/older-release.ts";

const usage = `Starts a test cluster and prints the variables that lead to it:

  eval "$(npm run --silent cluster:up -- [flags])"

Where TARE_TEST_CLUSTER_DIR names a cluster that runs, it is used instead of a new one.

  --crds DIR             apply the manifests in DIR on the server side (repeatable)
  --field-manager NAME   as whom (default: helm)
  --envoy-gateway        start Envoy Gateway; needs its CRDs
  --envoy-gateway=1.7    the release before, which the older CRDs suffice for
  --envoy-gateway=follow run what the Deployment tars-system/envoy-gateway says
  --real-nodes=1|2       nodes that run pods, beside the fake ones; needs root.
                         $TARE_TEST_ON_NODE PROGRAM ARG… then runs a program where Services and pods are reachable
  --older-release        install the release before on the real nodes, with a backend that streams
  --older-release=all    the same with rate limiting, Redis and OTel collectors
`;

// A bare flag takes no value, so it is spelled out before parsing.
const bare: Readonly<Record<string, string>> = {
  "--envoy-gateway": "1.8",
  "--older-release": "plain",
};
const args = process.argv.slice(2).map((arg) => (bare[arg] ? `${arg}=${bare[arg]}` : arg));
const { values } = parseArgs({
  args,
  options: {
    crds: { type: "string", multiple: true, default: [] },
    "field-manager": { type: "string", default: "helm" },
    "envoy-gateway": { type: "string" },
    "real-nodes": { type: "string" },
    "older-release": { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  process.stdout.write(usage);
} else {
  const cluster = await timed("cluster", runningOrNew);
  for (const folder of values.crds) {
    const fieldManager = values["field-manager"];
    await timed(`CRDs of ${folder}`, () => applyCrds(cluster, folder, { fieldManager }));
  }
  const gateway = values["envoy-gateway"];
  if (gateway !== undefined) await timed("Envoy Gateway", () => startGateway(cluster, gateway));
  const older = values["older-release"];
  if (older !== undefined) await timed("older release", () => installOlderRelease(cluster, older));
  process.stdout.write(exportLines(cluster));
}

async function runningOrNew(): Promise<Cluster> {
  const dir = process.env.TARE_TEST_CLUSTER_DIR;
  if (dir && isClusterRunning(dir)) return openCluster(dir);
  const log = (line: string) => console.error(line);
  const realNodes = nodeCount(values["real-nodes"]);
  await (realNodes ? buildNode(log) : buildTools(log));
  return startCluster({ detached: true, realNodes });
}

function nodeCount(text: string | undefined): 1 | 2 | undefined {
  if (text === undefined) return undefined;
  if (text !== "1" && text !== "2") throw new Error(`--real-nodes=${text}: 1 or 2`);
  return text === "1" ? 1 : 2;
}

async function startGateway(cluster: Cluster, how: string): Promise<void> {
  if (how === "follow") return followEnvoyGateway(cluster);
  if (how !== "1.7" && how !== "1.8") throw new Error(`--envoy-gateway=${how}: 1.7, 1.8 or follow`);
  return startEnvoyGateway(cluster, { version: how });
}

async function installOlderRelease(cluster: Cluster, how: string): Promise<void> {
  if (how !== "plain" && how !== "all") throw new Error(`--older-release=${how}: all, or no value`);
  const all = how === "all";
  await installOlder(cluster, { values: olderNodeValues({ rateLimiting: all, telemetry: all }) });
}

function exportLines(cluster: Cluster): string {
  const variables = {
    KUBECONFIG: cluster.kubeconfig,
    TARE_TEST_HELM3: cluster.helm3,
    TARE_TEST_HELM4: cluster.helm4,
    TARE_TEST_HELM41: cluster.helm41,
    TARE_TEST_KUBECTL: cluster.kubectl,
    TARE_TEST_CLUSTER_DIR: cluster.dir,
    ...(cluster.node ? { TARE_TEST_ON_NODE: onMachineCommand(cluster.dir) } : {}),
  };
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join("");
}

async function timed<A>(what: string, action: () => Promise<A>): Promise<A> {
  const started = Date.now();
  const result = await action();
  console.error(`${what}: ready in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return result;
}
