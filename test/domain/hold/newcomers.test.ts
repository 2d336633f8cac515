import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import { held } from "../../../src/domain/hold/hand-over.ts";
import { growing, newcomersOf } from "../../../src/domain/hold/newcomers.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const ASKED = Duration.minutes(5);
const HOLD = "hold-1";

const replicaSet = (
  name: string,
  { wanted, present = wanted, drain = "60s" }: { wanted: number; present?: number; drain?: string },
): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name, namespace: "tars-dataplane", uid: name },
  spec: {
    replicas: wanted,
    template: {
      spec: {
        terminationGracePeriodSeconds: 900,
        containers: [
          {
            name: "shutdown-manager",
            lifecycle: {
              preStop: {
                exec: {
                  command: ["envoy-gateway", "envoy", "shutdown", `--drain-timeout=${drain}`],
                },
              },
            },
          },
        ],
      },
    },
  },
  status: { replicas: present },
});

const pod = (name: string, owner: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    namespace: "tars-dataplane",
    ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: owner, uid: owner }],
  },
});

const leaving = (one: KubeObject): KubeObject => ({
  ...one,
  metadata: { ...one.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
});

const names = (objects: ReadonlyArray<KubeObject>) => objects.map(({ metadata }) => metadata.name);

describe("a ReplicaSet that grows while its pods are held", () => {
  const pods = [held(pod("egress-1", "old"), HOLD)];
  const among = (one: KubeObject) => names(growing({ replicaSets: [one], pods }, ASKED));

  it("has pods that are not held", () => {
    assert.deepStrictEqual(among(replicaSet("old", { wanted: 0, present: 2 })), ["old"]);
  });

  it("wants pods that are not there yet", () => {
    assert.deepStrictEqual(among(replicaSet("old", { wanted: 2, present: 1 })), ["old"]);
  });

  it("is none where all its pods are held", () => {
    assert.deepStrictEqual(among(replicaSet("old", { wanted: 1 })), []);
  });

  it("is none where its pods drain for long enough", () => {
    assert.deepStrictEqual(among(replicaSet("new", { wanted: 2, drain: "300s" })), []);
  });

  it("does not count a held pod that is leaving", () => {
    const replicaSets = [replicaSet("old", { wanted: 1 })];
    assert.deepStrictEqual(
      names(growing({ replicaSets, pods: pods.map(leaving) }, ASKED)),
      names(replicaSets),
    );
  });
});

describe("newcomers", () => {
  const old = replicaSet("old", { wanted: 3 });

  it("are pods of such a ReplicaSet that no hold has, and that stay", () => {
    const pods = [
      held(pod("held", "old"), HOLD),
      held(pod("held by another run", "old"), "hold-2"),
      leaving(pod("leaving", "old")),
      pod("another's", "new"),
      pod("newcomer", "old"),
    ];
    assert.deepStrictEqual(names(newcomersOf(pods, [old])), ["newcomer"]);
  });
});
