import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import type { PodInTrouble } from "../../../src/domain/rollout/progress.ts";
import { podsInTrouble } from "../../../src/domain/rollout/progress.ts";
import {
  excusedQuiet,
  fatalTrouble,
  mayStillChange,
  noteTroubles,
  quietTime,
  suspect,
  type TroubleTimes,
  takeBaseline,
} from "../../../src/domain/rollout/verdict.ts";
import { podSelectors, type RolloutView } from "../../../src/domain/rollout/view.ts";

const REVISION = "deployment.kubernetes.io/revision";

const deployment = (name: string, generation: number, revision: number): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name,
    namespace: "tars-dataplane",
    uid: name,
    generation,
    annotations: { [REVISION]: String(revision) },
  },
  spec: { replicas: 1, selector: { matchLabels: { app: name } } },
  status: { observedGeneration: generation },
});

const replicaSet = (owner: string, revision: number): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: {
    name: `${owner}-${revision}`,
    uid: `${owner}-${revision}`,
    annotations: { [REVISION]: String(revision) },
    ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: owner, uid: owner }],
  },
});

const pod = (owner: string, reason: string, message: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `${owner}-pod`,
    uid: `${owner}-pod`,
    ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: owner, uid: owner }],
  },
  status: {
    phase: "Pending",
    containerStatuses: [{ name: "envoy", ready: false, state: { waiting: { reason, message } } }],
  },
});

const envoyProxy = (generation: number): KubeObject => ({
  apiVersion: "gateway.envoyproxy.io/v1alpha1",
  kind: "EnvoyProxy",
  metadata: { name: "tars", uid: "proxy", generation },
});

const view = (over: Partial<RolloutView> = {}): RolloutView => ({
  workloads: [{ group: "data-plane", object: deployment("egress", 1, 1) }],
  replicaSets: [replicaSet("egress", 1), replicaSet("egress", 2)],
  pods: [],
  gateways: [],
  gatewayClasses: [],
  envoyProxies: [envoyProxy(1)],
  ...over,
});

const rolled = (over: Partial<RolloutView> = {}) =>
  view({ workloads: [{ group: "data-plane", object: deployment("egress", 2, 2) }], ...over });

const missing = (owner: string) => pod(owner, "ErrImagePull", "image: not found");
const troublesOf = (seen: RolloutView): ReadonlyArray<PodInTrouble> =>
  podsInTrouble(seen, new Map());

describe("a fatal error", () => {
  const baseline = takeBaseline(view());
  const failing = troublesOf(rolled({ pods: [missing("egress-2")] }));

  it("ends the rollout once its grace time is over", () => {
    const times = noteTroubles(new Map(), failing, 1_000);
    assert.isUndefined(fatalTrouble(failing, times, baseline, 5_999));
    assert.strictEqual(fatalTrouble(failing, times, baseline, 6_000), failing[0]);
  });

  it("that went away begins anew", () => {
    const first = noteTroubles(new Map(), failing, 0);
    const again = noteTroubles(noteTroubles(first, [], 3_000), failing, 4_000);
    assert.isUndefined(fatalTrouble(failing, again, baseline, 6_000));
  });

  it("for want of a node is given the autoscaler's time, and its own again when that gives up", () => {
    const pending: KubeObject = {
      ...missing("egress-2"),
      status: {
        conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
      },
    };
    const at = (nodeComing: boolean) =>
      podsInTrouble(
        rolled({ pods: [pending] }),
        new Map([[pending.metadata.uid ?? "", { messages: [], nodeComing }]]),
      );
    const ends = (one: ReadonlyArray<PodInTrouble>, times: TroubleTimes, seconds: number) =>
      fatalTrouble(one, times, baseline, seconds * 1_000) !== undefined;
    let times = noteTroubles(new Map(), at(false), 0);
    times = noteTroubles(times, at(true), 100_000);
    assert.isFalse(ends(at(true), times, 700));
    times = noteTroubles(times, at(false), 800_000);
    assert.isFalse(ends(at(false), times, 919));
    assert.isTrue(ends(at(false), times, 920));
  });

  it("of a template that was current before is none of the upgrade's", () => {
    const old = troublesOf(view({ pods: [missing("egress-1")] }));
    assert.strictEqual(old.length, 1);
    const times = noteTroubles(new Map(), old, 0);
    assert.isUndefined(fatalTrouble(old, times, baseline, 600_000));
  });

  it("of pods of another template than the current one is not looked at", () => {
    assert.deepStrictEqual(troublesOf(rolled({ pods: [missing("egress-1")] })), []);
  });
});

describe("a controller that may still act", () => {
  const baseline = takeBaseline(view());

  it("is waited for when its settings changed and its Deployment did not", () => {
    assert.isFalse(mayStillChange(baseline, view()));
    assert.isTrue(mayStillChange(baseline, view({ envoyProxies: [envoyProxy(2)] })));
    assert.isFalse(mayStillChange(baseline, rolled({ envoyProxies: [envoyProxy(2)] })));
  });

  it("is waited for when it was itself replaced", () => {
    const controller = { group: "release", object: deployment("envoy-gateway", 2, 2) } as const;
    const { workloads } = view();
    assert.isTrue(mayStillChange(baseline, view({ workloads: [...workloads, controller] })));
  });

  it("is given four settling times, and a minute at the most", () => {
    const quiet = (seconds: number) => Duration.toSeconds(quietTime(Duration.seconds(seconds)));
    assert.deepStrictEqual([3, 15, 20, 300].map(quiet), [12, 60, 60, 300]);
  });

  it("is given the time to come up where it need not, even by a run that waits for nothing", () => {
    const quiet = (seconds: number) => Duration.toSeconds(excusedQuiet(Duration.seconds(seconds)));
    assert.deepStrictEqual([0, 3, 15, 300].map(quiet), [15, 15, 60, 300]);
  });
});

describe("the likeliest reason", () => {
  const failing = rolled({ pods: [missing("egress-2")] });
  const known = suspect(undefined, troublesOf(failing), failing);
  const starting = rolled({ pods: [pod("egress-2", "ContainerCreating", "")] });

  it("is not forgotten for pods that are just being made anew, nor when they are taken away", () => {
    assert.strictEqual(suspect(known, troublesOf(starting), starting), known);
    assert.strictEqual(suspect(known, [], view()), known);
  });

  it("is cleared when the pods of that template are all ready", () => {
    assert.isUndefined(suspect(known, [], rolled()));
  });
});

describe("label selectors for pods", () => {
  const of = (labels: Readonly<Record<string, string>>): KubeObject => ({
    ...deployment("x", 1, 1),
    spec: { selector: { matchLabels: labels } },
  });

  it("are one, of what the workloads have in common", () => {
    assert.deepStrictEqual(
      podSelectors([of({ instance: "tars", name: "a" }), of({ name: "b", instance: "tars" })]),
      ["instance=tars"],
    );
  });

  it("are one for each where they have nothing in common", () => {
    assert.deepStrictEqual(podSelectors([of({ app: "b" }), of({ app: "a" })]), ["app=b", "app=a"]);
  });
});
