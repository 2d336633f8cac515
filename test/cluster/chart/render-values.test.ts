import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Unstructured } from "../unstructured.ts";
import { named, rendered } from "./render.ts";

const podSpecs = (objects: ReadonlyArray<Unstructured>): ReadonlyMap<string, Unstructured> =>
  new Map(
    objects.flatMap(({ kind, metadata, spec }) => {
      const template = (spec?.jobTemplate ?? { spec })?.spec?.template;
      return template?.spec === undefined ? [] : [[`${kind} ${metadata.name}`, template.spec]];
    }),
  );

const proxyPod = (objects: ReadonlyArray<Unstructured>): Unstructured =>
  named(objects, "EnvoyProxy", "tars-egress").spec.provider.kubernetes.envoyDeployment.pod;

const gatewayConfig = (objects: ReadonlyArray<Unstructured>): Unstructured =>
  parse(named(objects, "ConfigMap", "envoy-gateway-config").data["envoy-gateway.yaml"]);

describe("where pods run", () => {
  const tolerations = [{ key: "gateway", operator: "Exists" }];
  const all = { nodeSelector: { pool: "infra" }, tolerations, priorityClassName: "important" };
  const everything = { otelCollector: { enabled: true }, scheduling: { all } };

  it("is said for every part at once", async () => {
    const objects = await rendered(everything);
    const specs = podSpecs(objects);
    expect([...specs.keys()].sort()).toEqual([
      "CronJob tare-doctor",
      "Deployment ai-gateway-controller",
      "Deployment envoy-gateway",
      "Deployment tars-otel-collector",
      "Job envoy-gateway-certgen",
      "StatefulSet tars-redis",
    ]);
    for (const spec of specs.values()) expect(spec).toMatchObject(all);
    expect(proxyPod(objects)).toMatchObject(all);
    const { rateLimitDeployment } = gatewayConfig(objects).provider.kubernetes;
    expect(rateLimitDeployment.pod).toMatchObject(all);
    const { priorityClassName } = all;
    expect(rateLimitDeployment.patch.value.spec.template.spec).toEqual({ priorityClassName });
  });

  it.each([
    ["controllers", "Deployment envoy-gateway"],
    ["controllers", "Job envoy-gateway-certgen"],
    ["redis", "StatefulSet tars-redis"],
    ["otelCollector", "Deployment tars-otel-collector"],
    ["doctor", "CronJob tare-doctor"],
  ])("is said for %s alone: %s", async (part, name) => {
    const own = { [part]: { nodeSelector: { pool: "other" } } };
    const objects = await rendered({ ...everything, scheduling: { all, ...own } });
    const spec = podSpecs(objects).get(name);
    expect(spec).toMatchObject({ ...all, nodeSelector: { pool: "other" } });
    expect(proxyPod(objects).nodeSelector).toEqual(all.nodeSelector);
  });

  it("is the scheduler's to decide unless said", async () => {
    const objects = await rendered({ otelCollector: { enabled: true } });
    for (const spec of podSpecs(objects).values()) {
      expect(Object.keys(spec)).not.toContain("nodeSelector");
      expect(Object.keys(spec)).not.toContain("tolerations");
    }
    expect(gatewayConfig(objects).provider.kubernetes.rateLimitDeployment.pod).toBeUndefined();
  });

  it("spreads the pods of one ReplicaSet, not those that are about to go", async () => {
    const objects = await rendered();
    const { topologySpreadConstraints: controllers } = podSpecs(objects).get(
      "Deployment envoy-gateway",
    );
    for (const constraint of [...controllers, ...proxyPod(objects).topologySpreadConstraints]) {
      expect(constraint.matchLabelKeys).toEqual(["pod-template-hash"]);
    }
  });
});

/** How the collector's configuration names a variable. */
const fromEnvironment = (variable: string): string => `\${env:${variable}}`;

describe("the OTel collector", () => {
  const collector = async (otlp: object): Promise<Unstructured> => {
    const objects = await rendered({ otelCollector: { enabled: true, exporters: { otlp } } });
    return parse(named(objects, "ConfigMap", "tars-otel-collector").data["config.yaml"]);
  };

  it.each([
    ["otel.example:4317", "otlp_grpc", { endpoint: "otel.example:4317" }],
    ["http://otel.example:4317", "otlp_grpc", { tls: { insecure: true } }],
    ["https://otel.example:4318", "otlp_http", { endpoint: "https://otel.example:4318" }],
    ["otel.example:4318", "otlp_http", { endpoint: "https://otel.example:4318" }],
    ["http://otel.example:4318/", "otlp_http", { endpoint: "http://otel.example:4318/" }],
    ["otel.example:43180", "otlp_grpc", { endpoint: "otel.example:43180" }],
  ])("sends to %s with %s", async (endpoint, exporter, settings) => {
    const headers = { Authorization: "Bearer secret" };
    const config = await collector({ endpoint, headers });
    expect(Object.keys(config.exporters)).toEqual([exporter]);
    expect(config.exporters[exporter]).toMatchObject(settings);
    expect(config.exporters[exporter].headers).toEqual({
      Authorization: fromEnvironment("OTLP_AUTHORIZATION"),
    });
    for (const pipeline of Object.values<Unstructured>(config.service.pipelines)) {
      expect(pipeline.exporters).toEqual([exporter]);
    }
  });

  it("takes the protocol that is given", async () => {
    const config = await collector({ endpoint: "https://otel.example:4318", protocol: "grpc" });
    expect(Object.keys(config.exporters)).toEqual(["otlp_grpc"]);
  });

  it("listens on IPv6 as well", async () => {
    const config = await collector({});
    expect(config.receivers.otlp.protocols).toEqual({
      grpc: { endpoint: ":4317" },
      http: { endpoint: ":4318" },
    });
    expect(config.extensions.health_check).toEqual({ endpoint: ":13133" });
  });
});

describe("the doctor", () => {
  it("gets a proxy and more certificate authorities", async () => {
    const env = { HTTPS_PROXY: "http://proxy.example:3128" };
    const objects = await rendered({ doctor: { env, caConfigMap: "corporate-ca" } });
    const spec = podSpecs(objects).get("CronJob tare-doctor");
    const [container] = spec.containers;
    expect(container.env).toContainEqual({ name: "HTTPS_PROXY", value: env.HTTPS_PROXY });
    const ca = container.volumeMounts.find(({ name }: { name: string }) => name === "ca");
    expect(container.env).toContainEqual({
      name: "NODE_EXTRA_CA_CERTS",
      value: `${ca.mountPath}/ca.crt`,
    });
    expect(spec.volumes).toContainEqual({ name: "ca", configMap: { name: "corporate-ca" } });
  });

  it("has neither by default", async () => {
    const spec = podSpecs(await rendered()).get("CronJob tare-doctor");
    expect(JSON.stringify(spec)).not.toMatch(/CA_CERTS|PROXY|corporate/);
  });
});

describe("the chart", () => {
  it("asks for the Kubernetes that both gateways need", async () => {
    await expect(rendered({}, { kubernetes: "1.31.9" })).rejects.toThrow(
      /requires kubeVersion: >=1.32.0/,
    );
    await expect(rendered({}, { kubernetes: "1.32.0" })).resolves.not.toEqual([]);
  });

  it("lets the AI Gateway read what an MCP route's issuer may need", async () => {
    const { rules } = named(await rendered(), "ClusterRole", "tars-system-tars-ai-gateway-cluster");
    const granting = rules.filter(({ resources }: { resources: string[] }) =>
      resources.includes("backendtlspolicies"),
    );
    expect(granting).toMatchObject([{ verbs: ["get", "list", "watch"] }]);
  });

  it("marks the controller for egctl", async () => {
    const objects = await rendered();
    const deployment = named(objects, "Deployment", "envoy-gateway");
    const label = { "control-plane": "envoy-gateway" };
    expect(deployment.metadata.labels).toMatchObject(label);
    expect(deployment.spec.template.metadata.labels).toMatchObject(label);
    expect(deployment.spec.selector.matchLabels).not.toMatchObject(label);
    expect(named(objects, "Service", "envoy-gateway").metadata.labels).toMatchObject(label);
  });

  it("names a pull secret once in each proxy", async () => {
    const objects = await rendered({ global: { imagePullSecretName: "acme-pull" } });
    expect(proxyPod(objects).imagePullSecrets).toEqual([{ name: "acme-pull" }]);
    const [{ args }] = named(objects, "Deployment", "ai-gateway-controller").spec.template.spec
      .containers;
    expect(args.join(" ")).not.toContain("acme-pull");
  });

  it("sets the proxies' address family when told to", async () => {
    const family = async (values: object): Promise<string | undefined> =>
      named(await rendered(values), "EnvoyProxy", "tars-egress").spec.ipFamily;
    expect(await family({})).toBeUndefined();
    expect(await family({ envoyProxy: { ipFamily: "DualStack" } })).toBe("DualStack");
    await expect(family({ envoyProxy: { ipFamily: "ipv6" } })).rejects.toThrow(/ipFamily/);
  });
});
