import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import { controlPlane, openCluster } from "./cluster.ts";
import { get } from "./control-plane.ts";
import { type EnvoyGatewayOptions, launch, localSettings } from "./envoy-gateway.ts";
import { stopProcess } from "./processes.ts";

/**
 * Stands in for the kubelet of the Envoy Gateway pods: fake nodes call them ready, this runs the
 * controller that they stand for.
 */
const [, , dir = "", namespace = "", deployment = ""] = process.argv;
const cluster = openCluster(dir);

interface Pod {
  readonly metadata: { readonly creationTimestamp: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly serviceAccountName?: string;
    readonly containers: ReadonlyArray<{ readonly name: string; readonly image: string }>;
  };
  readonly status: {
    readonly conditions?: ReadonlyArray<{ readonly type: string; readonly status: string }>;
  };
}

/** Undefined when no pod of the Deployment is ready; of several kinds of pod the newest counts. */
async function wantedController(): Promise<EnvoyGatewayOptions | undefined> {
  const owner = await read<{ spec: { selector: { matchLabels: Record<string, string> } } }>(
    `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`,
  );
  if (owner === undefined) return undefined;
  const labels = Object.entries(owner.spec.selector.matchLabels).map(
    ([key, value]) => `${key}=${value}`,
  );
  const pods = await read<{ items: ReadonlyArray<Pod> }>(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(labels.join(","))}`,
  );
  const pod = (pods?.items ?? [])
    .filter(isServing)
    .toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .at(-1);
  if (pod === undefined) return undefined;
  const { containers } = pod.spec;
  const container = containers.find(({ name }) => name === "envoy-gateway") ?? containers[0];
  const account = pod.spec.serviceAccountName;
  const config = await settings();
  return {
    namespace,
    version: /:v?1\.7\b/.test(container?.image ?? "") ? "1.7" : "1.8",
    ...(account ? { serviceAccount: account } : {}),
    ...(config ? { config } : {}),
  };
}

const isServing = ({ metadata, status }: Pod) =>
  metadata.deletionTimestamp === undefined &&
  status.conditions?.some(({ type, status }) => type === "Ready" && status === "True");

interface Settings {
  readonly provider?: { readonly kubernetes?: object };
}

async function settings(): Promise<object | undefined> {
  const map = await read<{ data?: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/configmaps/envoy-gateway-config`,
  );
  const text = map?.data?.["envoy-gateway.yaml"];
  if (text === undefined) return undefined;
  const config = parse(text) as Settings;
  const kubernetes = { ...config.provider?.kubernetes, ...localSettings };
  return { ...config, provider: { ...config.provider, kubernetes } };
}

/** Undefined when there is none; an API server that does not answer is an error. */
async function read<A>(path: string): Promise<A | undefined> {
  const { status, body } = await get(controlPlane(cluster), path);
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`${path}: ${status}`);
  return JSON.parse(body) as A;
}

/** Looks every half second; an API server that does not answer changes nothing. */
async function follow(): Promise<never> {
  for (let current = ""; ; await sleep(500)) {
    const wanted = await wantedController().catch(() => "unknown" as const);
    const key = JSON.stringify(wanted ?? "stopped");
    if (wanted === "unknown" || key === current) continue;
    console.log(`${new Date().toISOString()} now ${key}`);
    try {
      if (wanted === undefined) await stopProcess(dir, "envoy-gateway");
      else await launch(cluster, wanted);
      current = key;
    } catch (error) {
      console.log(String(error));
    }
  }
}

await follow();
