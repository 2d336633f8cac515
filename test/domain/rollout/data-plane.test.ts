import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import {
  deploymentProgress,
  OWNING_GATEWAY_LABEL,
  proxyTemplate,
} from "../../../src/domain/rollout/data-plane.ts";

const IMAGE = "registry.example.com/envoy:1.2.0";
const TEMPLATE = { image: IMAGE, terminationGracePeriodSeconds: 600 };

const envoyProxy = (drainTimeout?: unknown, image?: unknown): KubeObject => ({
  apiVersion: "gateway.envoyproxy.io/v1alpha1",
  kind: "EnvoyProxy",
  metadata: { name: "tars" },
  spec: {
    ...(drainTimeout === undefined ? {} : { shutdown: { drainTimeout } }),
    ...(image === undefined
      ? {}
      : { provider: { kubernetes: { envoyDeployment: { container: { image } } } } }),
  },
});

interface Shape {
  readonly name?: string;
  readonly gateway?: string;
  readonly replicas?: number | undefined;
  readonly generation?: number;
  readonly image?: string | undefined;
  readonly grace?: number | undefined;
  readonly status?: Readonly<Record<string, number>> | undefined;
}

const READY = {
  observedGeneration: 4,
  replicas: 2,
  updatedReplicas: 2,
  readyReplicas: 2,
  availableReplicas: 2,
};

const deployment = (shape: Shape = {}): KubeObject => {
  const { name, gateway, replicas, generation, image, grace, status } = {
    name: "envoy-tars",
    gateway: "tars",
    replicas: 2,
    generation: 4,
    image: IMAGE,
    grace: 600,
    status: READY,
    ...shape,
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, generation, labels: { [OWNING_GATEWAY_LABEL]: gateway } },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      template: {
        spec: {
          ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
          containers: [
            { name: "shutdown-manager", image: "registry.example.com/manager:9" },
            { name: "envoy", ...(image === undefined ? {} : { image }) },
          ],
        },
      },
    },
    ...(status === undefined ? {} : { status }),
  };
};

describe("what an EnvoyProxy asks of its pods", () => {
  it.each([
    ["300s", 600],
    ["5m", 600],
    ["1h30m", 5_700],
    ["0s", 300],
    ["1500ms", 301],
    ["1h1m1s1ms", 3_961],
  ])("drain time %s makes a grace period of %d s", (drain, seconds) => {
    assert.deepStrictEqual(proxyTemplate(envoyProxy(drain, IMAGE)), {
      image: IMAGE,
      terminationGracePeriodSeconds: seconds,
    });
  });

  it.each([[undefined], ["soon"], [300], [""]])(
    "drain time %j leaves it to the controller",
    (drain) => {
      assert.isUndefined(proxyTemplate(envoyProxy(drain, IMAGE)).terminationGracePeriodSeconds);
    },
  );

  it("without an image leaves that to the controller", () => {
    assert.isUndefined(proxyTemplate(envoyProxy("5m")).image);
    assert.isUndefined(proxyTemplate(envoyProxy("5m", 7)).image);
  });
});

describe("a Deployment", () => {
  const waiting = (shape: Shape, template: typeof TEMPLATE | undefined = TEMPLATE) =>
    deploymentProgress(deployment(shape), template).waitingFor;

  it("waits for one that is scaled to zero: nothing serves", () => {
    const status = { observedGeneration: 4 };
    assert.strictEqual(
      deploymentProgress(deployment({ replicas: 0, status }), TEMPLATE).waitingFor,
      "it is scaled to zero",
    );
  });

  it("that runs what is asked for, all ready, waits for nothing", () => {
    assert.deepStrictEqual(deploymentProgress(deployment(), TEMPLATE), {
      name: "envoy-tars",
      ready: 2,
      desired: 2,
      waitingFor: undefined,
    });
  });

  it.each<[string, Shape, string]>([
    [
      "with the old image is stale, ready or not",
      { image: "registry.example.com/envoy:1.1.0" },
      `still asks for image registry.example.com/envoy:1.1.0, not ${IMAGE}`,
    ],
    [
      "without an image is stale",
      { image: undefined },
      `still asks for image (none), not ${IMAGE}`,
    ],
    [
      "with the old grace period is stale",
      { grace: 360 },
      "still gives pods 360 s to drain, not 600 s",
    ],
    [
      "without a grace period is stale",
      { grace: undefined },
      "still gives pods the default time to drain, not 600 s",
    ],
    [
      "whose newest specification was not observed is not there yet",
      { generation: 5 },
      "its newest specification has not been observed",
    ],
    [
      "without a status was never observed",
      { status: undefined },
      "its newest specification has not been observed",
    ],
    [
      "with old pods only",
      { status: { ...READY, updatedReplicas: 0 } },
      "0 of 2 pods run the new template",
    ],
    [
      "half-way",
      { status: { ...READY, replicas: 3, updatedReplicas: 1 } },
      "1 of 2 pods run the new template",
    ],
    [
      "whose old pods remain",
      { status: { ...READY, replicas: 4, updatedReplicas: 2 } },
      "2 old pods remain",
    ],
    [
      "whose new pods are not ready",
      { status: { ...READY, readyReplicas: 1 } },
      "1 of 2 pods are ready",
    ],
    [
      "whose pods are ready but not yet available",
      { status: { ...READY, availableReplicas: 0 } },
      "0 of 2 pods are available",
    ],
    [
      "whose status leaves out zeros",
      { status: { observedGeneration: 4, replicas: 2, updatedReplicas: 2 } },
      "0 of 2 pods are ready",
    ],
    ["that the HPA just scaled up", { replicas: 3 }, "2 of 3 pods run the new template"],
  ])("%s", (_, shape, why) => {
    assert.strictEqual(waiting(shape), why);
  });

  it("a stale template is told before anything about pods", () => {
    const why = waiting({ grace: 30, status: { ...READY, updatedReplicas: 0 } });
    assert.strictEqual(why, "still gives pods 30 s to drain, not 600 s");
  });

  it("that asks for nothing particular may have any image and grace period", () => {
    assert.isUndefined(
      deploymentProgress(deployment({ image: "x", grace: 1 }), undefined).waitingFor,
    );
    const open = { image: undefined, terminationGracePeriodSeconds: undefined };
    assert.isUndefined(deploymentProgress(deployment({ image: "x", grace: 1 }), open).waitingFor);
  });

  it("that does not say how many pods it wants wants one", () => {
    const status = {
      ...READY,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
    };
    assert.deepStrictEqual(
      deploymentProgress(deployment({ replicas: undefined, status }), TEMPLATE),
      {
        name: "envoy-tars",
        ready: 1,
        desired: 1,
        waitingFor: undefined,
      },
    );
  });

  it("with more ready pods than wanted, all of them new, is there", () => {
    const status = {
      ...READY,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
    };
    assert.isUndefined(waiting({ replicas: 1, status }));
  });

  it("only the container called envoy counts", () => {
    const other = deployment({ image: undefined });
    assert.include(
      deploymentProgress(other, { ...TEMPLATE, image: "registry.example.com/manager:9" })
        .waitingFor,
      "(none)",
    );
  });
});
