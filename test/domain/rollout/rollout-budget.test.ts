import { assert, describe, it } from "@effect/vitest";
import { Duration, Schema } from "effect";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import { liveReplicas, rolloutBudgetWarning } from "../../../src/domain/rollout/rollout-budget.ts";
import { DEFAULT_UPGRADE_OPTIONS } from "../../../src/domain/run/upgrade-options.ts";
import { type RunningDrain, runningDrain } from "../../../src/domain/streams/running-drain.ts";

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
    assert.strictEqual(liveReplicas(deployments.map(runningDrain)), replicas);
  });
});

describe("the rollout's budget", () => {
  const { timeout, drainTimeout } = DEFAULT_UPGRADE_OPTIONS;
  const running = (drain: number | undefined, replicas = 2): RunningDrain => ({
    deployment: "egress",
    replicas,
    drain: drain === undefined ? undefined : Duration.seconds(drain),
    grace: Duration.seconds(600),
  });

  it.each([2, 3, 20])("of the defaults is enough for %d replicas", (replicas) => {
    assert.isUndefined(rolloutBudgetWarning(timeout, drainTimeout, [running(300, replicas)]));
  });

  it("that is too short is a warning with the numbers", () => {
    assert.deepStrictEqual(rolloutBudgetWarning(Duration.minutes(5), drainTimeout, [running(60)]), {
      code: "timeout-below-drain",
      timeout: Duration.minutes(5),
      drain: drainTimeout,
      startUp: Duration.minutes(1),
    });
  });

  it.each<[number, number, number | undefined, boolean]>([
    [359, 300, 60, true],
    [360, 300, 60, false],
    [360, 300, undefined, false],
    [659, 300, 600, true],
    [660, 300, 600, false],
  ])("timeout %d s, asked %d s, running %s s: warns %s", (seconds, asked, drain, warns) => {
    const warning = rolloutBudgetWarning(Duration.seconds(seconds), Duration.seconds(asked), [
      running(drain),
    ]);
    assert.strictEqual(warning !== undefined, warns);
  });

  it("of a data plane that does not exist or is empty is enough", () => {
    assert.isUndefined(rolloutBudgetWarning(Duration.zero, drainTimeout, []));
    assert.isUndefined(rolloutBudgetWarning(Duration.zero, drainTimeout, [running(60, 0)]));
  });

  const Seconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000 }));
  it.prop(
    "is warned about exactly when it cannot hold the longest drain and a minute",
    [Seconds, Seconds, Schema.Array(Seconds)],
    ([seconds, asked, drains]) => {
      const warning = rolloutBudgetWarning(
        Duration.seconds(seconds),
        Duration.seconds(asked),
        drains.map((drain) => running(drain)),
      );
      const short = drains.length > 0 && seconds < Math.max(asked, ...drains) + 60;
      assert.strictEqual(warning !== undefined, short);
    },
  );
});
