import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyCrds, type Cluster, kubectl, run } from "../cluster.ts";
import { olderChart, olderCrds } from "../e2e/tare.ts";
import { streamsImage } from "./images.ts";

export interface OlderExtras {
  /** With Redis, and the rate limit service that Envoy Gateway starts. */
  readonly rateLimiting?: boolean;
  /** Collectors, to which the proxies report; what they would report to does not exist. */
  readonly telemetry?: boolean;
}

/** Chart 1.1.0 on real nodes: its Envoy Gateway and Envoy are the oldest that can be had and fit together. */
export const olderNodeValues = ({
  rateLimiting = false,
  telemetry = false,
}: OlderExtras = {}): object => ({
  global: { customer: "acme", environment: "prod" },
  images: { envoyGateway: { tag: "v1.7.0" }, envoy: { tag: "distroless-v1.37.0" } },
  ha: { enabled: true },
  rateLimiting: { enabled: rateLimiting },
  otelCollector: {
    enabled: telemetry,
    exporters: { otlp: { endpoint: "https://otel.example:4317" } },
  },
  // Of its program there is no image.
  doctor: { schedule: "0 0 1 1 *" },
});

const dataPlane = "tars-dataplane";

export interface OlderOptions {
  /** Default: the cluster's Helm 4. */
  readonly helm?: string;
  readonly values?: object;
}

/** Installs the older release and a backend that streams, and waits until streams pass through `tars-dataplane/egress`. */
export async function installOlder(
  cluster: Cluster,
  { helm = cluster.helm4, values = olderNodeValues() }: OlderOptions = {},
): Promise<void> {
  await applyCrds(cluster, olderCrds);
  await kubectl(cluster, ["apply", "-f", "-"], { input: dataPlaneNamespace });
  const file = join(mkdtempSync(join(cluster.dir, "older-")), "values.json");
  writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
  const flags = ["--namespace=tars-system", "--create-namespace", "--wait", "--timeout=3m"];
  const installed = await run(cluster, helm, ["install", "tars", olderChart, ...flags, "-f", file]);
  if (installed.code !== 0) throw new Error(`helm install: ${installed.stderr}`);
  await startBackend(cluster);
  await rolledOut(cluster, "egress");
}

/** What the release expects of its namespace; the webhook is left to act on it. */
const dataPlaneNamespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name: dataPlane,
    labels: { "app.kubernetes.io/managed-by": "Helm" },
    annotations: {
      "meta.helm.sh/release-name": "tars",
      "meta.helm.sh/release-namespace": "tars-system",
    },
  },
};

/** Two pods that stream whatever is asked for, and a route to them that never times out. */
export async function startBackend(cluster: Cluster): Promise<void> {
  const objects = { apiVersion: "v1", kind: "List", items: [deployment, service, route] };
  await kubectl(cluster, ["apply", "-f", "-"], { input: objects });
  await rolledOut(cluster, backend);
}

async function rolledOut(cluster: Cluster, name: string): Promise<void> {
  const where = [`deployment/${name}`, `--namespace=${dataPlane}`];
  await kubectl(cluster, ["wait", "--for=create", "--timeout=60s", ...where]);
  await kubectl(cluster, ["rollout", "status", "--timeout=120s", ...where]);
}

const backend = "streams-backend";
const labels = { app: backend };
const metadata = { name: backend, namespace: dataPlane };

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata,
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        // Longer than any stream: a stream that is cut here would be blamed on the proxies.
        terminationGracePeriodSeconds: 900,
        containers: [
          {
            name: backend,
            image: streamsImage,
            args: ["backend"],
            ports: [{ containerPort: 8000 }],
            readinessProbe: { httpGet: { path: "/healthz", port: 8000 }, periodSeconds: 1 },
            // Until no proxy sends it anything new.
            lifecycle: { preStop: { sleep: { seconds: 4 } } },
          },
        ],
      },
    },
  },
};

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata,
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8000 }] },
};

const route = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "streams", namespace: dataPlane },
  spec: {
    parentRefs: [{ name: "egress" }],
    rules: [{ backendRefs: [{ name: backend, port: 80 }], timeouts: { request: "0s" } }],
  },
};
