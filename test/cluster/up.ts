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

const usage = `Starts a test cluster and prints the variables that lead to it:

  eval "$(npm run --silent cluster:up -- [flags])"

Where TARE_TEST_CLUSTER_DIR names a cluster that runs, it is used instead of a new one.

  --crds DIR             apply the manifests in DIR on the server side (repeatable)
  --field-manager NAME   as whom (default: helm)
  --envoy-gateway        start Envoy Gateway; needs its CRDs
  --envoy-gateway=1.7    the release before, which the older CRDs suffice for
  --envoy-gateway=follow run what the Deployment tars-system/envoy-gateway says
`;

// A bare flag takes no value, so it is spelled out before parsing.
const args = process.argv.slice(2).map((arg) => (arg === "--envoy-gateway" ? `${arg}=1.8` : arg));
const { values } = parseArgs({
  args,
  options: {
    crds: { type: "string", multiple: true, default: [] },
    "field-manager": { type: "string", default: "helm" },
    "envoy-gateway": { type: "string" },
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
  process.stdout.write(exportLines(cluster));
}

async function runningOrNew(): Promise<Cluster> {
  const dir = process.env.TARE_TEST_CLUSTER_DIR;
  if (dir && isClusterRunning(dir)) return openCluster(dir);
  await buildTools((line) => console.error(line));
  return startCluster({ detached: true });
}

async function startGateway(cluster: Cluster, how: string): Promise<void> {
  if (how === "follow") return followEnvoyGateway(cluster);
  if (how !== "1.7" && how !== "1.8") throw new Error(`--envoy-gateway=${how}: 1.7, 1.8 or follow`);
  return startEnvoyGateway(cluster, { version: how });
}

function exportLines(cluster: Cluster): string {
  const variables = {
    KUBECONFIG: cluster.kubeconfig,
    TARE_TEST_HELM3: cluster.helm3,
    TARE_TEST_HELM4: cluster.helm4,
    TARE_TEST_HELM41: cluster.helm41,
    TARE_TEST_KUBECTL: cluster.kubectl,
    TARE_TEST_CLUSTER_DIR: cluster.dir,
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
