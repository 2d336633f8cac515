import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import { podsInTrouble, rolloutProgress } from "../../../src/domain/rollout/progress.ts";
import type { RolloutView } from "../../../src/domain/rollout/view.ts";

const DEPLOYMENT: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "egress",
    namespace: "tars-dataplane",
    uid: "egress",
    generation: 1,
    labels: { "gateway.envoyproxy.io/owning-gateway-name": "egress" },
    annotations: { "deployment.kubernetes.io/revision": "2" },
  },
  spec: { replicas: 1, selector: { matchLabels: { app: "egress" } } },
  status: {
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
  },
};

const replicaSet = (revision: number): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: {
    name: `egress-${revision}`,
    uid: `egress-${revision}`,
    annotations: { "deployment.kubernetes.io/revision": String(revision) },
    ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "egress", uid: "egress" }],
  },
});

/** It crashes, which would end a rollout were it one of the new ones. */
const crashing = (
  metadata: Partial<KubeObject["metadata"]>,
  owner: { readonly kind: string; readonly uid: string },
): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "egress-a",
    uid: "egress-a",
    namespace: "tars-dataplane",
    ownerReferences: [{ apiVersion: "v1", name: owner.uid, ...owner }],
    ...metadata,
  },
  status: {
    phase: "Running",
    containerStatuses: [
      {
        name: "envoy",
        ready: false,
        restartCount: 7,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 1, reason: "Error" } },
      },
    ],
  },
});

const view = (pod: KubeObject): RolloutView => ({
  workloads: [{ group: "data-plane", object: DEPLOYMENT }],
  replicaSets: [replicaSet(1), replicaSet(2)],
  pods: [pod],
  gateways: [],
  gatewayClasses: [],
  envoyProxies: [],
});

const judged = (pod: KubeObject) => {
  const troubles = podsInTrouble(view(pod), new Map());
  const [egress] = rolloutProgress(view(pod), troubles, new Set());
  return { troubles: troubles.length, waitingFor: egress?.waitingFor, draining: egress?.draining };
};

describe("a data plane that is where it should be", () => {
  it("is judged by its new pods", () => {
    const pod = crashing({}, { kind: "ReplicaSet", uid: "egress-2" });
    assert.strictEqual(judged(pod).troubles, 1);
  });

  it("does not wait for a pod that was handed over, whatever becomes of it", () => {
    const labels = { "tars.io/held": "tars" };
    const pod = crashing({ labels }, { kind: "ConfigMap", uid: "tare-keep-tars" });
    assert.deepStrictEqual(judged(pod), { troubles: 0, waitingFor: undefined, draining: 0 });
  });

  it.each([1, 2])(
    "does not wait for a pod of template %d that ends, even if it never started",
    (n) => {
      const deletionTimestamp = "2026-01-01T00:10:00Z";
      const pod = crashing({ deletionTimestamp }, { kind: "ReplicaSet", uid: `egress-${n}` });
      assert.deepStrictEqual(judged(pod), { troubles: 0, waitingFor: undefined, draining: 1 });
    },
  );
});

describe("a rollout that stood still before the run", () => {
  const stuck = (): RolloutView => {
    const pod = crashing({}, { kind: "ReplicaSet", uid: "egress-2" });
    const status = { ...(DEPLOYMENT.status as object), updatedReplicas: 0 };
    return {
      ...view(pod),
      workloads: [{ group: "data-plane", object: { ...DEPLOYMENT, status } }],
    };
  };
  const waitingFor = (earlier: ReadonlyArray<string>) =>
    rolloutProgress(stuck(), [], new Set(earlier))[0]?.waitingFor;

  it("is not told of as the new template's", () => {
    assert.deepInclude(waitingFor(["egress-2"]), { _tag: "PodsUpdated", isEarlier: true });
  });

  it("is the new template's once there is one", () => {
    assert.deepInclude(waitingFor(["egress-1"]), { _tag: "PodsUpdated", isEarlier: false });
  });
});
