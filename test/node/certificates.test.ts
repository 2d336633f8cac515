/** A TLS listener and an upstream with a CA of its own, through restarts and an upgrade; and a secret that is withheld. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  proxySecrets,
  withheldSecrets,
} from "../../src/domain/rollout/trouble/withheld-secrets.ts";
import { parseMetrics } from "../../src/domain/streams/proxy-metrics.ts";
import { type Cluster, kubectl, startCluster } from "../cluster/cluster.ts";
import { startTare, until } from "../cluster/e2e/running-tare.ts";
import { type Operator, objects, operator } from "../cluster/e2e/tare.ts";
import { installOlder } from "../cluster/node/older-release.ts";
import { DATA_PLANE } from "../streams/proxies.ts";
import { eventually } from "./eventually.ts";
import { describeInTurn } from "./in-turn.ts";

/** The AI Gateway's webhook has a certificate from an authority of its own: it serves as listener's and as upstream's. */
const HOST = "ai-gateway-controller.tars-system.svc";
const CONTROLLER = ["deployment/envoy-gateway", "--namespace", "tars-system"];
const namespace = "tars-dataplane";

const gateway = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "secure", namespace },
  spec: {
    gatewayClassName: "tars-egress",
    listeners: [
      {
        name: "https",
        port: 443,
        protocol: "HTTPS",
        tls: { mode: "Terminate", certificateRefs: [{ name: "secure" }] },
      },
    ],
  },
};

const upstream = (address: string, ca: string) => [
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "upstream", namespace },
    spec: { ports: [{ name: "https", port: 443, targetPort: 9443 }] },
  },
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "upstream-1",
      namespace,
      labels: { "kubernetes.io/service-name": "upstream" },
    },
    addressType: "IPv4",
    ports: [{ name: "https", port: 9443, protocol: "TCP" }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "upstream-ca", namespace },
    data: { "ca.crt": ca },
  },
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "BackendTLSPolicy",
    metadata: { name: "upstream", namespace },
    spec: {
      targetRefs: [{ group: "", kind: "Service", name: "upstream" }],
      validation: {
        hostname: HOST,
        caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "upstream-ca" }],
      },
    },
  },
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "upstream", namespace },
    spec: {
      parentRefs: [{ name: "secure" }],
      rules: [{ backendRefs: [{ name: "upstream", port: 443 }] }],
    },
  },
];

/** Its proxies are promised a certificate that nobody has. */
const withholding = {
  apiVersion: "gateway.envoyproxy.io/v1alpha1",
  kind: "EnvoyPatchPolicy",
  metadata: { name: "withhold", namespace },
  spec: {
    targetRef: { group: "gateway.networking.k8s.io", kind: "Gateway", name: "secure" },
    type: "JSONPatch",
    jsonPatches: [
      {
        type: "type.googleapis.com/envoy.config.listener.v3.Listener",
        name: `${namespace}/secure/https`,
        operation: {
          op: "replace",
          jsonPath: "$..tls_certificate_sds_secret_configs[0].name",
          value: "nobody/has-it",
        },
      },
    ],
  },
};

describeInTurn("certificates", () => {
  let cluster: Cluster;
  let who: Operator;
  let ca: string;
  beforeAll(async () => {
    cluster = await startCluster({ realNodes: 1 });
    who = operator(cluster, "helm4");
    await installOlder(cluster);
    const where = ["--namespace", "tars-system", "--output", "json"];
    const { data } = JSON.parse(
      await kubectl(cluster, ["get", "secret", "ai-gateway-webhook-cert", ...where]),
    );
    const { spec } = JSON.parse(
      await kubectl(cluster, ["get", "service", "ai-gateway-controller", ...where]),
    );
    const authority = Buffer.from(data["ca.crt"], "base64").toString();
    ca = join(who.home, "ca.crt");
    writeFileSync(ca, authority);
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/tls",
      metadata: { name: "secure", namespace },
      data: { "tls.crt": data["tls.crt"], "tls.key": data["tls.key"] },
    };
    // The webhook's Service, since its pods are replaced.
    await apply({
      apiVersion: "v1",
      kind: "List",
      items: [secret, gateway, ...upstream(spec.clusterIP, authority)],
    });
    await eventually(async () => expect(await answer()).toBe(ANSWER), 90);
  });
  afterAll(() => cluster?.stop());

  const apply = (input: object) => kubectl(cluster, ["apply", "-f", "-"], { input });

  /** The webhook's own answer to a path it does not have: it came through both certificates. */
  const ANSWER = "404 page not found\n";

  const answer = async (): Promise<string> => {
    const address = await kubectl(cluster, [
      ...["get", "service", "secure", ...DATA_PLANE, "--output", "jsonpath={.spec.clusterIP}"],
    ]).catch(() => "");
    const resolve = ["--resolve", `${HOST}:443:${address}`, "--cacert", ca];
    const child = cluster.node?.spawn("curl", ["-sS", "-m", "5", ...resolve, `https://${HOST}/`]);
    let said = "";
    for (const stream of [child?.stdout, child?.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    await new Promise((done) => child?.once("close", done));
    return said;
  };

  const lacking = async (): Promise<ReadonlyArray<string>> => {
    const label = "gateway.envoyproxy.io/owning-gateway-name=secure";
    const pods = await objects(who, "pods", ...DATA_PLANE, "-l", label);
    const pages = await Promise.all(
      pods
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ metadata }) =>
          kubectl(cluster, [
            ...["get", "--raw"],
            `/api/v1/namespaces/${namespace}/pods/${metadata.name}:19001/proxy/stats/prometheus`,
          ]),
        ),
    );
    expect(pages.length).toBeGreaterThan(0);
    expect(pages.join("\n")).toContain(
      'envoy_sds_update_success{envoy_xds_resource_name="tars-dataplane/secure"}',
    );
    return pages.flatMap((page) => withheldSecrets(proxySecrets(parseMetrics(page))));
  };

  const expectSound = async () => {
    // Envoy waits for 15 s before it goes on without.
    await new Promise((resolve) => setTimeout(resolve, 18_000));
    expect(await lacking()).toEqual([]);
    for (let turn = 0; turn < 6; turn++) expect(await answer()).toBe(ANSWER);
  };

  const change = async (number: number) => {
    const second = { ...gateway.spec.listeners[0], name: "https-2", port: 8443 };
    const listeners =
      number % 2 === 0 ? gateway.spec.listeners : [...gateway.spec.listeners, second];
    await apply({ ...gateway, spec: { ...gateway.spec, listeners } });
    const patch = {
      spec: {
        validation: {
          subjectAltNames: number % 2 === 0 ? null : [{ type: "Hostname", hostname: HOST }],
        },
      },
    };
    const policy = ["backendtlspolicy", "upstream", ...DATA_PLANE];
    await kubectl(cluster, ["patch", ...policy, "--type=merge", "--patch", JSON.stringify(patch)]);
  };

  const restart = async () => {
    await kubectl(cluster, ["rollout", "restart", ...CONTROLLER]);
    await kubectl(cluster, ["rollout", "status", "--timeout=120s", ...CONTROLLER]);
  };

  it("survive an upgrade from 1.1.0, restarts of everything in it included", async () => {
    const args = [
      "upgrade",
      who.identityFile,
      "--no-rate-limiting",
      "--drain-timeout-seconds",
      "60",
    ];
    const { code, stderr } = await startTare(who, args, cluster.kubeconfig).ended;
    expect(code, stderr).toBe(0);
    await expectSound();
  });

  it("stay with running proxies when the controller restarts while listeners and clusters change", async () => {
    for (let number = 1; number <= 2; number++) {
      const restarted = restart();
      await change(number);
      await restarted;
      await expectSound();
    }
  });

  it("come to proxies that start while the controller does", async () => {
    await kubectl(cluster, ["rollout", "restart", "deployment/secure", ...DATA_PLANE]);
    await restart();
    await kubectl(cluster, [
      "rollout",
      "status",
      "--timeout=180s",
      "deployment/secure",
      ...DATA_PLANE,
    ]);
    await expectSound();
  });

  it("fail the gate when one is withheld from a proxy that is ready", async () => {
    const args = [
      "upgrade",
      who.identityFile,
      "--no-rate-limiting",
      "--drain-timeout-seconds",
      "60",
    ];
    const tare = startTare(who, [...args, "--settle-time", "25s"], cluster.kubeconfig);
    await until("Helm", () => tare.said().includes("helm upgrade --install"), 120);
    await apply(withholding);
    const { code, stderr } = await tare.ended;
    expect(stderr).toMatch(
      /pod tars-dataplane\/secure-\S+ is ready but never got TLS secret nobody\/has-it: /,
    );
    expect(code, stderr).toBe(20);
  });
});
