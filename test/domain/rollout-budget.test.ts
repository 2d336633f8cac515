import { assert, describe, it } from "@effect/vitest";
import { Duration, Schema } from "effect";
import type { KubeObject } from "../../src/domain/kube.ts";
import { liveReplicas, rolloutBudgetWarning } from "../../src/domain/rollout-budget.ts";
import { DEFAULT_UPGRADE_OPTIONS } from "../../src/domain/upgrade-options.ts";

const deployment = (spec?: unknown, status?: unknown): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "envoy" },
  ...(spec === undefined ? {} : { spec: { replicas: spec } }),
  ...(status === undefined ? {} : { status: { replicas: status } }),
});

describe("live replicas", () => {
  it.each<[string, ReadonlyArray<KubeObject>, number]>([
    ["none without a Deployment", [], 0],
    ["those that exist, not those asked for", [deployment(2, 5)], 5],
    ["those asked for until there is a status", [deployment(3)], 3],
    ["none when nothing says", [deployment()], 0],
    ["none when it was scaled to nothing", [deployment(0, 0)], 0],
    [
      "of the largest Deployment, since Deployments drain at the same time",
      [deployment(2, 2), deployment(4, 4)],
      4,
    ],
    ["no text", [deployment("3", "4")], 0],
  ])("are %s", (_, deployments, replicas) => {
    assert.strictEqual(liveReplicas(deployments), replicas);
  });
});

describe("the rollout's budget", () => {
  const { timeout, drainTimeout } = DEFAULT_UPGRADE_OPTIONS;

  it("of the defaults with two replicas is just enough: 600 s = 300 s × 2", () => {
    assert.isUndefined(rolloutBudgetWarning(timeout, drainTimeout, 2));
  });

  it("of the defaults is too short for a third replica, with the numbers", () => {
    assert.strictEqual(
      rolloutBudgetWarning(timeout, drainTimeout, 3),
      "--timeout 10m is shorter than drain × replicas (5m × 3 = 15m): a slow drain can fail the upgrade",
    );
  });

  it.each([
    [599, 300, 2, true],
    [600, 300, 2, false],
    [601, 300, 2, false],
    [1, 300, 0, false],
    [300, 300, 1, false],
    [0, 0, 5, false],
    [0, 1, 1, true],
  ])("timeout %d s, drain %d s, %d replicas: warns %s", (seconds, drain, replicas, warns) => {
    const warning = rolloutBudgetWarning(
      Duration.seconds(seconds),
      Duration.seconds(drain),
      replicas,
    );
    assert.strictEqual(warning !== undefined, warns);
  });

  const Seconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }));
  const Replicas = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 50 }));
  it.prop(
    "is warned about exactly when it cannot hold every drain in turn",
    [Seconds, Seconds, Replicas],
    ([seconds, drain, replicas]) => {
      const warning = rolloutBudgetWarning(
        Duration.seconds(seconds),
        Duration.seconds(drain),
        replicas,
      );
      assert.strictEqual(warning !== undefined, seconds < drain * replicas);
    },
  );
});
