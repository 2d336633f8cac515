import { assert, describe, it } from "@effect/vitest";
import { Schema } from "effect";
import {
  belongsTo,
  handedOver,
  held,
  isHandedOver,
  putBack,
} from "../../../src/domain/hold/hand-over.ts";
import { movesOf } from "../../../src/domain/hold/moves.ts";
import { HELD_LABEL } from "../../../src/domain/hold/names.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const LABELS = { app: "egress", "pod-template-hash": "old" };
const KEYS = Object.keys(LABELS);
const KEEPER = { apiVersion: "v1", kind: "ConfigMap", name: "tare-keep-1", uid: "keeper" };

const replicaSet = (replicas: number): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "egress-old", namespace: "tars-dataplane", uid: "rs" },
  spec: { replicas, selector: { matchLabels: LABELS } },
});

const pod = (index: number): KubeObject =>
  held(
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: `egress-${index}`,
        namespace: "tars-dataplane",
        uid: `pod-${index}`,
        labels: { ...LABELS, zone: "a" },
        annotations: { note: "kept" },
        ownerReferences: [
          {
            apiVersion: "apps/v1",
            kind: "ReplicaSet",
            name: "egress-old",
            uid: "rs",
            controller: true,
          },
        ],
      },
    },
    "hold-1",
  );

const out = (one: KubeObject): KubeObject =>
  handedOver(one, { keys: KEYS, owner: KEEPER, at: new Date(0) });

const names = (pods: ReadonlyArray<KubeObject>) => pods.map(({ metadata }) => metadata.name);

describe("a pod that is handed over", () => {
  it("has no label of its ReplicaSet, and the keeper for its owner", () => {
    const { metadata } = out(pod(1));
    assert.deepStrictEqual(metadata.labels, { zone: "a", [HELD_LABEL]: "hold-1" });
    assert.deepStrictEqual(metadata.ownerReferences, [KEEPER]);
    assert.strictEqual(metadata.annotations?.note, "kept");
  });

  it("is what it was once it is put back, but for its owner, whom the ReplicaSet writes itself", () => {
    const before = pod(1);
    const after = putBack(out(before));
    assert.isFalse(isHandedOver(after));
    assert.deepStrictEqual(after.metadata.labels, before.metadata.labels);
    assert.deepStrictEqual(after.metadata.annotations, before.metadata.annotations);
    assert.deepStrictEqual(after.metadata.ownerReferences, []);
  });

  it("still belongs to its ReplicaSet, and to no other", () => {
    const other = { ...replicaSet(1), spec: { selector: { matchLabels: { app: "other" } } } };
    assert.isTrue(belongsTo(out(pod(1)), replicaSet(1)));
    assert.isFalse(belongsTo(out(pod(1)), other));
  });

  it("with labels that nobody can read belongs to none", () => {
    const broken = out(pod(1));
    const annotations = { ...broken.metadata.annotations, "tars.io/held-labels": "{" };
    const unreadable = { ...broken, metadata: { ...broken.metadata, annotations } };
    assert.isFalse(belongsTo(unreadable, replicaSet(1)));
  });
});

describe("the moves of held pods", () => {
  const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }));

  it.prop(
    "bring what the ReplicaSet has and what it wants together, as far as there are pods",
    { owned: Count, away: Count, wanted: Count },
    ({ owned, away, wanted }) => {
      const mine = Array.from({ length: owned }, (_, index) => pod(index));
      const gone = Array.from({ length: away }, (_, index) => out(pod(10 + index)));
      const moves = movesOf({ replicaSets: [replicaSet(wanted)], pods: [...gone, ...mine] });
      const kept = owned - moves.handOver.length + moves.putBack.length;
      assert.strictEqual(kept, Math.min(wanted, owned + away));
      assert.isTrue(moves.handOver.length === 0 || moves.putBack.length === 0);
      assert.isTrue(moves.putBack.every(isHandedOver));
      assert.isFalse(moves.handOver.some(({ pod: moved }) => isHandedOver(moved)));
    },
  );

  it("leave pods alone that are on their way out", () => {
    const leaving = pod(1);
    const metadata = { ...leaving.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
    const moves = movesOf({ replicaSets: [replicaSet(0)], pods: [{ ...leaving, metadata }] });
    assert.deepStrictEqual(moves, { handOver: [], putBack: [] });
  });

  it("hand over everything of a ReplicaSet that is being deleted", () => {
    const set = replicaSet(2);
    const metadata = { ...set.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
    const moves = movesOf({ replicaSets: [{ ...set, metadata }], pods: [pod(2), pod(1)] });
    assert.deepStrictEqual(names(moves.handOver.map((move) => move.pod)), ["egress-1", "egress-2"]);
  });
});
