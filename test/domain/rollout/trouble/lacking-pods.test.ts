import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "../../../../src/domain/kube/objects.ts";
import { podsInTrouble } from "../../../../src/domain/rollout/progress.ts";
import { failedCreation, lacksPods } from "../../../../src/domain/rollout/trouble/lacking-pods.ts";
import type { RolloutView } from "../../../../src/domain/rollout/view.ts";

const REFUSED = 'Error creating: pods "x" is forbidden: exceeded quota: few, requested: pods=1';

const event = (reason: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name: reason },
  reason,
  message: reason === "FailedCreate" ? REFUSED : "Created pod: x",
});

const workload = (kind: string, spec: object, status: object) => ({
  group: kind === "Job" ? ("hook" as const) : ("release" as const),
  object: {
    apiVersion: "v1",
    kind,
    metadata: {
      name: "x",
      namespace: "tars-system",
      uid: "x",
      generation: 1,
      annotations: { "deprecated.daemonset.template.generation": "1" },
    },
    spec,
    status: { observedGeneration: 1, updateRevision: "1", ...status },
  },
});

const pod: KubeObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "x-1",
    namespace: "tars-system",
    ownerReferences: [{ apiVersion: "v1", kind: "x", name: "x", uid: "x" }],
  },
  status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
};

const viewOf = (
  one: ReturnType<typeof workload>,
  pods: ReadonlyArray<KubeObject>,
): RolloutView => ({
  workloads: [one],
  replicaSets: [],
  pods,
  gateways: [],
  gatewayClasses: [],
  envoyProxies: [],
});

const ENDED = { conditions: [{ type: "Failed", status: "True" }] };

describe("a workload whose controller tells in events alone what refuses its pods", () => {
  const told = new Map([["x", { messages: [REFUSED], nodeComing: false }]]);

  it.each([
    workload("Job", {}, {}),
    workload("StatefulSet", {}, {}),
    workload("DaemonSet", {}, { desiredNumberScheduled: 1 }),
  ])("is in the trouble that they tell of, while it lacks pods: $object.kind", (one) => {
    assert.isTrue(lacksPods(one, viewOf(one, [])));
    const [found] = podsInTrouble(viewOf(one, []), told);
    assert.strictEqual(found?.trouble.kind, "quota-exceeded");
    assert.deepStrictEqual(podsInTrouble(viewOf(one, [pod]), told), []);
  });

  it.each([
    workload("Job", {}, ENDED),
    workload("StatefulSet", { replicas: 0 }, {}),
    workload("DaemonSet", {}, {}),
    workload("Deployment", { replicas: 2 }, {}),
  ])("lacks none where none is wanted, or it would say so itself: $object.kind", (one) => {
    assert.isFalse(lacksPods(one, viewOf(one, [])));
  });
});

describe("what is told of making pods", () => {
  it.each<[ReadonlyArray<string>, boolean]>([
    [[], false],
    [["FailedCreate"], true],
    [["Scaled", "FailedCreate", "SuccessfulCreate"], true],
    [["SuccessfulCreate", "FailedCreate"], false],
  ])("is what was told last: %j", (reasons, failed) => {
    assert.strictEqual(failedCreation(reasons.map(event)), failed ? REFUSED : undefined);
  });
});
