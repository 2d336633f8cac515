import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import {
  askedGraceSeconds,
  deploymentProgress,
  OWNING_GATEWAY_LABEL,
} from "../../../src/domain/rollout/data-plane.ts";
import type { WaitingFor } from "../../../src/domain/rollout/trouble/waiting-for.ts";

const envoyProxy = (drainTimeout?: unknown): KubeObject => ({
  apiVersion: "gateway.envoyproxy.io/v1alpha1",
  kind: "EnvoyProxy",
  metadata: { name: "tars" },
  spec: {
    ...(drainTimeout === undefined ? {} : { shutdown: { drainTimeout } }),
  },
});

interface Shape {
  readonly name?: string;
  readonly gateway?: string;
  readonly replicas?: number | undefined;
  readonly generation?: number;
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
  const { name, gateway, replicas, generation, status } = {
    name: "envoy-tars",
    gateway: "tars",
    replicas: 2,
    generation: 4,
    status: READY,
    ...shape,
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, generation, labels: { [OWNING_GATEWAY_LABEL]: gateway } },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      template: { spec: { containers: [{ name: "shutdown-manager" }, { name: "envoy" }] } },
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
    assert.strictEqual(askedGraceSeconds(envoyProxy(drain)), seconds);
  });

  it("is read at once, however long the field is", () => {
    const startedAt = performance.now();
    assert.isUndefined(askedGraceSeconds(envoyProxy("9".repeat(400_000))));
    assert.isBelow(performance.now() - startedAt, 5_000);
  });

  it.each([[undefined], ["soon"], [300], [""]])(
    "drain time %j leaves it to the controller",
    (drain) => {
      assert.isUndefined(askedGraceSeconds(envoyProxy(drain)));
    },
  );
});

describe("a Deployment", () => {
  const waiting = (shape: Shape) => deploymentProgress(deployment(shape)).waitingFor;

  it("waits for one that is scaled to zero: nothing serves", () => {
    const status = { observedGeneration: 4 };
    assert.deepStrictEqual(waiting({ replicas: 0, status }), { _tag: "ScaledToZero" });
  });

  it("that runs what is asked for, all ready, waits for nothing", () => {
    assert.deepStrictEqual(deploymentProgress(deployment()), {
      name: "envoy-tars",
      ready: 2,
      desired: 2,
      waitingFor: undefined,
    });
  });

  it.each<[string, Shape, WaitingFor]>([
    [
      "whose newest specification was not observed is not there yet",
      { generation: 5 },
      { _tag: "Unobserved" },
    ],
    ["without a status was never observed", { status: undefined }, { _tag: "Unobserved" }],
    [
      "with old pods only",
      { status: { ...READY, updatedReplicas: 0 } },
      { _tag: "PodsUpdated", count: 0, desired: 2, isEarlier: false },
    ],
    [
      "half-way",
      { status: { ...READY, replicas: 3, updatedReplicas: 1 } },
      { _tag: "PodsUpdated", count: 1, desired: 2, isEarlier: false },
    ],
    [
      "whose old pods remain",
      { status: { ...READY, replicas: 4, updatedReplicas: 2 } },
      { _tag: "OldPodsGone", count: 2 },
    ],
    [
      "whose new pods are not ready",
      { status: { ...READY, readyReplicas: 1 } },
      { _tag: "PodsReady", count: 1, desired: 2 },
    ],
    [
      "whose pods are ready but not yet available",
      { status: { ...READY, availableReplicas: 0 } },
      { _tag: "PodsAvailable", count: 0, desired: 2 },
    ],
    [
      "whose status leaves out zeros",
      { status: { observedGeneration: 4, replicas: 2, updatedReplicas: 2 } },
      { _tag: "PodsReady", count: 0, desired: 2 },
    ],
    [
      "that the HPA just scaled up",
      { replicas: 3 },
      { _tag: "PodsUpdated", count: 2, desired: 3, isEarlier: false },
    ],
  ])("%s", (_, shape, why) => {
    assert.deepStrictEqual(waiting(shape), why);
  });

  it("that does not say how many pods it wants wants one", () => {
    const status = {
      ...READY,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
    };
    assert.deepStrictEqual(deploymentProgress(deployment({ replicas: undefined, status })), {
      name: "envoy-tars",
      ready: 1,
      desired: 1,
      waitingFor: undefined,
    });
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
});
