/** A cluster in which others have a say: what they do was so before the upgrade, and is no failure of it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, kubectl } from "../cluster.ts";
import { until } from "./running-tare.ts";
import {
  chartWith,
  clusterWithRelease,
  currentCrds,
  type Operator,
  objects,
  upgrade,
} from "./tare.ts";

const GATEWAY_API = "gateway.networking.k8s.io/v1";
const ENVOY_API = "gateway.envoyproxy.io/v1alpha1";

const gateway = (name: string, gatewayClassName: string, own?: string) => ({
  apiVersion: GATEWAY_API,
  kind: "Gateway",
  metadata: { name, namespace: "tars-dataplane" },
  spec: {
    gatewayClassName,
    listeners: [{ name: "http", port: 8085, protocol: "HTTP" }],
    ...(own === undefined
      ? {}
      : {
          infrastructure: {
            parametersRef: { group: "gateway.envoyproxy.io", kind: "EnvoyProxy", name: own },
          },
        }),
  },
});

const envoyProxy = (name: string, namespace: string, kubernetes: object) => ({
  apiVersion: ENVOY_API,
  kind: "EnvoyProxy",
  metadata: { name, namespace },
  spec: { provider: { type: "Kubernetes", kubernetes } },
});

/** A second Envoy Gateway, whose proxies are elsewhere; a class that nobody has; settings that nobody refers to. */
const OTHERS = [
  {
    apiVersion: GATEWAY_API,
    kind: "GatewayClass",
    metadata: { name: "platform" },
    spec: { controllerName: "gateway.envoyproxy.io/platform-team" },
  },
  gateway("grafana", "platform"),
  gateway("forgotten", "class-that-was-never-made"),
  envoyProxy("tried-once", "tars-system", { envoyDeployment: { replicas: 1 } }),
];

const ON_EACH_NODE = [
  envoyProxy("on-each-node", "tars-dataplane", { envoyDaemonSet: {} }),
  gateway("nodes", "tars-egress", "on-each-node"),
];

/** What a platform does to every workload: its own registry, and requests as it likes them. */
const REWRITING = [
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingAdmissionPolicy",
    metadata: { name: "platform-defaults" },
    spec: {
      failurePolicy: "Fail",
      reinvocationPolicy: "Never",
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ["apps"],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["deployments", "daemonsets"],
          },
        ],
      },
      mutations: [
        {
          patchType: "ApplyConfiguration",
          applyConfiguration: {
            expression: `Object{
              spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{
                containers: object.spec.template.spec.containers.map(c, Object.spec.template.spec.containers{
                  name: c.name,
                  image: c.image.startsWith("mirror.corp.example/") ? c.image : "mirror.corp.example/" + c.image
                })
              }}}}`,
          },
        },
        {
          patchType: "JSONPatch",
          jsonPatch: {
            expression: `
              has(object.spec.template.spec.containers[0].resources) &&
              has(object.spec.template.spec.containers[0].resources.requests)
                ? [JSONPatch{op: "add", path: "/spec/template/spec/containers/0/resources/requests/cpu", value: "333m"}]
                : []`,
          },
        },
      ],
    },
  },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingAdmissionPolicyBinding",
    metadata: { name: "platform-defaults" },
    spec: {
      policyName: "platform-defaults",
      matchResources: {
        namespaceSelector: {
          matchExpressions: [
            {
              key: "kubernetes.io/metadata.name",
              operator: "In",
              values: ["tars-system", "tars-dataplane"],
            },
          ],
        },
      },
    },
  },
];

describe("a release in a cluster in which others have a say", () => {
  let cluster: Cluster;
  let who: Operator;

  const apply = (items: ReadonlyArray<object>) =>
    kubectl(cluster, ["apply", "-f", "-"], { input: { apiVersion: "v1", kind: "List", items } });

  const imagesOf = async (...what: ReadonlyArray<string>): Promise<ReadonlyArray<string>> =>
    (await objects(who, ...what, "-n", "tars-dataplane")).flatMap(({ spec }) =>
      spec.template.spec.containers.map(({ image }: { image: string }) => image),
    );

  const withEnvoy = (tag: string): ReadonlyArray<string> => [
    "--chart-path",
    chartWith(who, (values) => {
      values.images = { envoy: { tag } };
    }),
  ];

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
  });
  afterAll(() => cluster?.stop());

  it("is upgraded with its proxies of a DaemonSet, which are followed", async () => {
    await apply(ON_EACH_NODE);
    const daemonSet = ["daemonset/nodes", "-n", "tars-dataplane"];
    await kubectl(cluster, ["wait", "--for=create", "--timeout=60s", ...daemonSet]);
    await kubectl(cluster, ["rollout", "status", "--timeout=60s", ...daemonSet]);
    const { code, stderr } = await upgrade(who, ["--timeout", "2m"]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("data plane nodes: ");
  });

  it("is upgraded beside Gateways of others, and settings that nobody uses", async () => {
    await apply(OTHERS);
    const { code, stderr } = await upgrade(who, [...withEnvoy("v2"), "--timeout", "60s"]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("EnvoyProxy minReplicas=2 (HA)");
    expect(stderr).toContain("tars-dataplane/grafana (its class platform belongs to");
    expect(stderr).toContain("tars-dataplane/forgotten (nothing serves it)");
  });

  it("is upgraded where a policy rewrites every workload", async () => {
    await apply(REWRITING);
    await until("the policy to be at work", async () =>
      (
        await kubectl(cluster, [
          ...["create", "deployment", "probe", "--image=probe", "-n", "tars-dataplane"],
          ...["--dry-run=server", "-o", "yaml"],
        ])
      ).includes("mirror.corp.example/probe"),
    );
    const { code, stderr } = await upgrade(who, [...withEnvoy("v3"), "--timeout", "60s"]);
    expect(code, stderr).toBe(0);
    expect(await imagesOf("deployments")).toContain(
      "mirror.corp.example/gcr.io/acme/tars/envoy:v3",
    );
  });

  it("is brought back where a policy rewrites every workload, and beside a DaemonSet: exit 20", async () => {
    const flags = [...withEnvoy("v4-no-such-image"), "--timeout", "60s"];
    const { code, stderr } = await upgrade(who, flags);
    expect(code, stderr).toBe(20);
    expect(stderr).not.toContain("Helm left");
    expect(await imagesOf("deployments")).toContain(
      "mirror.corp.example/gcr.io/acme/tars/envoy:v3",
    );
  });

  it("is brought back as it was when something of it was not well before: exit 20", async () => {
    const collector = ["deployment/tars-otel-collector", "-n", "tars-system"];
    const annotations = { "test.tars.io/behaviour": "crash-loop" };
    const sick = JSON.stringify({ spec: { template: { metadata: { annotations } } } });
    await kubectl(cluster, ["patch", ...collector, "--type=merge", "-p", sick]);
    await until("the collector to crash", async () =>
      (await kubectl(cluster, ["get", "pods", "-n", "tars-system"])).includes("CrashLoopBackOff"),
    );
    const { code, stderr } = await upgrade(who, [...withEnvoy("v5"), "--timeout", "20s"]);
    expect(stderr).toContain("not well before this upgrade: Deployment tars-system/tars-otel");
    expect(code, stderr).toBe(20);
  });
});
