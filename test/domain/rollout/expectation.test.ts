import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import {
  type Config,
  proxyOfDeployment,
  proxyOfGateway,
} from "../../../src/domain/rollout/baseline/gateways.ts";
import { dataPlaneEntries, staleness } from "../../../src/domain/rollout/expectation.ts";
import type { Staleness, WaitingFor } from "../../../src/domain/rollout/trouble/waiting-for.ts";

const IMAGE = "registry.example.com/envoy:1.2.0";

const envoyProxy = (name: string, spec: object = {}, namespace = "tars-system"): KubeObject => ({
  apiVersion: "gateway.envoyproxy.io/v1alpha1",
  kind: "EnvoyProxy",
  metadata: { name, namespace },
  spec,
});

const asking = (container: object, rest: object = {}): KubeObject =>
  envoyProxy("tars", {
    shutdown: { drainTimeout: "300s" },
    provider: { kubernetes: { envoyDeployment: { container, ...rest } } },
  });

const gatewayClass = (
  name: string,
  proxy?: string,
  conditions: ReadonlyArray<object> = [],
): KubeObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GatewayClass",
  metadata: { name, generation: 1 },
  spec: {
    controllerName: "gateway.envoyproxy.io/gatewayclass-controller",
    ...(proxy === undefined
      ? {}
      : { parametersRef: { kind: "EnvoyProxy", name: proxy, namespace: "tars-system" } }),
  },
  status: { conditions },
});

const gateway = (name: string, className: string, own?: string): KubeObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name, namespace: "tars-dataplane", generation: 1 },
  spec: {
    gatewayClassName: className,
    ...(own === undefined
      ? {}
      : { infrastructure: { parametersRef: { kind: "EnvoyProxy", name: own } } }),
  },
});

const deployment = (labels: Readonly<Record<string, string>>, spec: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "egress", namespace: "tars-dataplane", generation: 1, labels },
  spec: {
    replicas: 2,
    template: {
      spec: {
        terminationGracePeriodSeconds: 600,
        containers: [{ name: "envoy", image: IMAGE, resources: { requests: { cpu: "1" } } }],
      },
    },
    ...spec,
  },
  status: {
    observedGeneration: 1,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
  },
});

const expectedProgress = (config: Config, workloads: ReadonlyArray<KubeObject>) =>
  dataPlaneEntries(config, workloads).map(({ progress }) => progress);

const OF_EGRESS = { "gateway.envoyproxy.io/owning-gateway-name": "egress" };

describe("of several EnvoyProxies", () => {
  const config = {
    gateways: [gateway("egress", "tars"), gateway("special", "tars", "own")],
    gatewayClasses: [gatewayClass("tars", "of-class")],
    envoyProxies: [
      envoyProxy("of-class"),
      envoyProxy("unused"),
      envoyProxy("own", {}, "tars-dataplane"),
    ],
  };

  it("a Gateway uses its own, else its class's", () => {
    const [egress, special] = config.gateways as [KubeObject, KubeObject];
    assert.strictEqual(proxyOfGateway(config, egress)?.metadata.name, "of-class");
    assert.strictEqual(proxyOfGateway(config, special)?.metadata.name, "own");
  });

  it("a Deployment that serves all Gateways of a class uses the class's", () => {
    const labels = { "gateway.envoyproxy.io/owning-gatewayclass": "tars" };
    const merged = deployment(labels);
    assert.strictEqual(proxyOfDeployment(config, merged)?.metadata.name, "of-class");
    assert.deepStrictEqual(
      expectedProgress(config, [merged]).map(({ waitingFor }) => waitingFor),
      [undefined],
    );
  });

  it("none is guessed where the class cannot be read", () => {
    const blind = { ...config, gatewayClasses: [] };
    assert.isUndefined(proxyOfDeployment(blind, deployment(OF_EGRESS)));
    const sole = { ...blind, envoyProxies: [envoyProxy("only")] };
    assert.strictEqual(proxyOfDeployment(sole, deployment(OF_EGRESS))?.metadata.name, "only");
  });
});

describe("a Deployment is stale", () => {
  const config = (proxy: KubeObject) => ({
    gateways: [gateway("egress", "tars")],
    gatewayClasses: [gatewayClass("tars", "tars")],
    envoyProxies: [proxy],
  });
  const isStale = (how: Staleness): WaitingFor => ({
    _tag: "Stale",
    staleness: how,
    refusal: undefined,
  });
  const stale = (proxy: KubeObject) => staleness(config(proxy), deployment(OF_EGRESS));

  it("while anything its EnvoyProxy asks for is not so", () => {
    assert.isUndefined(stale(asking({ image: IMAGE })));
    assert.deepStrictEqual(
      stale(asking({ image: "registry.example.com/envoy:1.3.0" })),
      isStale({ _tag: "Image", found: IMAGE, asked: "registry.example.com/envoy:1.3.0" }),
    );
    assert.deepStrictEqual(
      stale(asking({ resources: { requests: { cpu: "500m" } } })),
      isStale({
        _tag: "Field",
        path: "template.spec.containers.envoy.resources.requests.cpu",
        found: "1",
        asked: "500m",
      }),
    );
    assert.deepStrictEqual(
      stale(asking({}, { pod: { nodeSelector: { pool: "edge" } } })),
      isStale({
        _tag: "Field",
        path: "template.spec.nodeSelector",
        found: undefined,
        asked: '{"pool":"edge"}',
      }),
    );
  });

  it("not because the server writes a quantity in its own way", () => {
    assert.isUndefined(stale(asking({ resources: { requests: { cpu: "1000m" } } })));
  });

  it("not because the server leaves out what is zero or empty", () => {
    const value = { spec: { minReadySeconds: 0, paused: false } };
    assert.isUndefined(stale(asking({}, { patch: { type: "StrategicMerge", value } })));
    const containers = [{ name: "envoy", env: [{ name: "LOG_LEVEL" }] }];
    const template = { spec: { terminationGracePeriodSeconds: 600, containers } };
    assert.isUndefined(
      staleness(
        config(asking({ env: [{ name: "LOG_LEVEL", value: "" }] })),
        deployment(OF_EGRESS, { template }),
      ),
    );
  });

  it("by what a patch asks for, not by what the patch overrides", () => {
    const patch = (value: object) => ({ patch: { type: "StrategicMerge", value } });
    const minReady = patch({ spec: { minReadySeconds: 10 } });
    assert.isUndefined(
      staleness(
        config(asking({ image: IMAGE }, minReady)),
        deployment(OF_EGRESS, { minReadySeconds: 10 }),
      ),
    );
    assert.deepStrictEqual(
      stale(asking({ image: IMAGE }, minReady)),
      isStale({ _tag: "Field", path: "minReadySeconds", found: undefined, asked: "10" }),
    );
    const other = patch({
      spec: { template: { spec: { containers: [{ name: "envoy", image: IMAGE }] } } },
    });
    assert.isUndefined(stale(asking({ image: "registry.example.com/other:1" }, other)));
  });
});

describe("a Gateway", () => {
  it("whose settings Envoy Gateway refuses is not served by what was made before", () => {
    const conditions = [
      {
        type: "Accepted",
        status: "False",
        reason: "InvalidParameters",
        message: "invalid envoyproxy",
        observedGeneration: 1,
      },
    ];
    const [progress] = expectedProgress(
      {
        gateways: [gateway("egress", "tars")],
        gatewayClasses: [gatewayClass("tars", "tars", conditions)],
        envoyProxies: [asking({ image: IMAGE })],
      },
      [deployment(OF_EGRESS)],
    );
    assert.deepStrictEqual(progress?.waitingFor, {
      _tag: "Refused",
      kind: "GatewayClass",
      name: "tars",
      reason: "InvalidParameters",
      message: "invalid envoyproxy",
    });
  });

  it("of another product is none of ours", () => {
    const istio = {
      ...gatewayClass("istio"),
      spec: { controllerName: "istio.io/gateway-controller" },
    };
    const config = {
      gateways: [gateway("mesh", "istio")],
      gatewayClasses: [istio],
      envoyProxies: [],
    };
    assert.deepStrictEqual(expectedProgress(config, []), []);
  });

  it("without a Deployment is waited for", () => {
    const config = {
      gateways: [gateway("egress", "tars")],
      gatewayClasses: [],
      envoyProxies: [],
    };
    assert.deepStrictEqual(expectedProgress(config, [])[0]?.waitingFor, { _tag: "Deployment" });
  });
});
