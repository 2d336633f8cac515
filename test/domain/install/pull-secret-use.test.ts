import { assert, describe, it } from "@effect/vitest";
import { pullWithout } from "../../../src/domain/install/pull-secret-use.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const workload = (name: string, secrets: ReadonlyArray<string>): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "tars-dataplane" },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { spec: { imagePullSecrets: secrets.map((one) => ({ name: one })) } },
  },
});

const pod = (app: string, secrets: ReadonlyArray<string>): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: `${app}-0`, namespace: "tars-dataplane", labels: { app } },
  spec: { imagePullSecrets: secrets.map((one) => ({ name: one })) },
});

describe("workloads that pull without the secret", () => {
  it.each([
    ["one that refers to it", workload("egress", ["other", "acme"]), [], 0],
    ["one that refers to none", workload("egress", []), [], 1],
    ["one that refers to another", workload("egress", ["other"]), [pod("egress", ["other"])], 1],
    ["one whose account adds it", workload("egress", []), [pod("egress", ["acme"])], 0],
    [
      "one with a pod from before that",
      workload("egress", []),
      [pod("egress", ["acme"]), pod("egress", [])],
      1,
    ],
    ["one whose neighbour has it", workload("egress", []), [pod("ratelimit", ["acme"])], 1],
  ] as const)("are told of %s", (_, one, pods, count) => {
    assert.lengthOf(pullWithout("acme", [one], pods), count);
  });
});
