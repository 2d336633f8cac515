import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "../../../../src/domain/kube/objects.ts";
import { isUnmet } from "../../../../src/domain/rollout/baseline/answerable.ts";
import { priorNotices } from "../../../../src/domain/rollout/baseline/prior-notices.ts";
import { withoutExcuses } from "../../../../src/domain/rollout/baseline/prior-state.ts";
import { takePriorState } from "../../../../src/domain/rollout/baseline/take-prior-state.ts";
import { entriesOf } from "../../../../src/domain/rollout/progress.ts";
import type { RolloutView } from "../../../../src/domain/rollout/view.ts";

const HELM = {
  labels: { "app.kubernetes.io/managed-by": "Helm" },
  annotations: { "meta.helm.sh/release-name": "tars" },
};

const gateway = (name: string, metadata: object = {}): KubeObject => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name, namespace: "tars-dataplane", ...metadata },
  spec: { gatewayClassName: "tars-egress" },
});

const proxies = (name: string, ready: number, spec: object = {}, kind = "Deployment") => ({
  group: "data-plane" as const,
  object: {
    apiVersion: "apps/v1",
    kind,
    metadata: {
      name,
      namespace: "tars-dataplane",
      uid: name,
      generation: 1,
      labels: { "gateway.envoyproxy.io/owning-gateway-name": name },
    },
    spec: { replicas: 2, ...spec },
    status: {
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: ready,
      availableReplicas: ready,
      desiredNumberScheduled: 2,
      updatedNumberScheduled: 2,
      numberReady: ready,
      numberAvailable: ready,
    },
  },
});

const view = (over: Partial<RolloutView>): RolloutView => ({
  workloads: [],
  replicaSets: [],
  pods: [],
  gateways: [],
  gatewayClasses: [],
  envoyProxies: [],
  release: "tars",
  ...over,
});

const unmet = (before: RolloutView, after: RolloutView, asBefore = false) => {
  const now = { ...after, prior: takePriorState(before) };
  return entriesOf(now)
    .filter((entry) => isUnmet(now, entry, { asBefore }))
    .map(({ progress }) => progress.name);
};

describe("a Gateway of somebody else", () => {
  const having = (ready: number) =>
    view({ gateways: [gateway("theirs")], workloads: [proxies("theirs", ready)] });

  it("that was well must be well", () => {
    assert.deepStrictEqual(unmet(having(2), having(1)), ["theirs"]);
  });

  it("that was not well must only be no worse", () => {
    assert.deepStrictEqual(unmet(having(1), having(1)), []);
    assert.deepStrictEqual(unmet(having(1), having(0)), ["theirs"]);
  });

  it("that came meanwhile is not waited for, nor one that goes", () => {
    assert.deepStrictEqual(unmet(view({}), having(0)), []);
    const going = gateway("theirs", { deletionTimestamp: "2026-01-01T00:00:00Z" });
    assert.deepStrictEqual(unmet(having(2), view({ gateways: [going] })), []);
  });

  it("that was served must not be left alone", () => {
    assert.deepStrictEqual(unmet(having(2), view({ gateways: [gateway("theirs")] })), ["theirs"]);
  });

  it("is waited for as long as nobody knows how it was", () => {
    const unknown = having(1);
    assert.isTrue(
      entriesOf(unknown).every((entry) => isUnmet(unknown, entry, { asBefore: false })),
    );
  });
});

describe("the release's own Gateway", () => {
  const having = (ready: number) =>
    view({ gateways: [gateway("egress", HELM)], workloads: [proxies("egress", ready)] });

  it("must be well after an upgrade, whatever was before", () => {
    assert.deepStrictEqual(unmet(having(1), having(1)), ["egress"]);
    assert.deepStrictEqual(unmet(view({}), view({ gateways: [gateway("egress", HELM)] })), [
      "egress",
    ]);
  });

  it("must be no worse after a rollback", () => {
    assert.deepStrictEqual(unmet(having(1), having(1), true), []);
    assert.deepStrictEqual(unmet(having(2), having(1), true), ["egress"]);
  });

  it("must be well after a rollback from something else that was not well", () => {
    const running = (image: string) =>
      view({
        gateways: [gateway("egress", HELM)],
        workloads: [
          proxies("egress", 1, { template: { spec: { containers: [{ name: "envoy", image }] } } }),
        ],
      });
    assert.deepStrictEqual(unmet(running("broken:1"), running("broken:1"), true), []);
    assert.deepStrictEqual(unmet(running("broken:1"), running("good:1"), true), ["egress"]);
  });

  it("must be well again after a recovery: what was found was broken", () => {
    const now = { ...having(1), prior: withoutExcuses(takePriorState(having(1))) };
    assert.isTrue(entriesOf(now).every((entry) => isUnmet(now, entry, { asBefore: true })));
  });
});

describe("proxies", () => {
  it("of a DaemonSet are judged by what is on the nodes", () => {
    const having = (ready: number) =>
      view({
        gateways: [gateway("egress", HELM)],
        workloads: [proxies("egress", ready, {}, "DaemonSet")],
      });
    assert.deepStrictEqual(unmet(having(2), having(2)), []);
    assert.deepStrictEqual(unmet(having(2), having(1)), ["egress"]);
  });

  it("that are paused keep their template, and say so", () => {
    const old = proxies("egress", 2, { paused: true });
    const status = { ...old.object.status, updatedReplicas: 0 };
    const paused = view({
      gateways: [gateway("egress", HELM)],
      workloads: [{ ...old, object: { ...old.object, status } }],
    });
    assert.deepStrictEqual(unmet(paused, paused), []);
    assert.deepStrictEqual(priorNotices(takePriorState(paused)), [
      { code: "workloads-paused", workloads: ["Deployment tars-dataplane/egress"] },
    ]);
  });

  it("of another Envoy Gateway are none of ours", () => {
    const theirs = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: "tars-egress" },
      spec: { controllerName: "gateway.envoyproxy.io/platform-team" },
    };
    const foreign = view({
      gateways: [gateway("theirs")],
      gatewayClasses: [theirs],
      controllerSettings: { kind: "EnvoyGateway" },
    });
    assert.deepStrictEqual(unmet(foreign, foreign), []);
    assert.deepStrictEqual(priorNotices(takePriorState(foreign)), [
      {
        code: "gateways-unserved",
        gateways: [
          {
            place: "tars-dataplane/theirs",
            className: "tars-egress",
            controller: "gateway.envoyproxy.io/platform-team",
            ours: false,
            servedBy: [],
          },
        ],
      },
    ]);
  });
});
