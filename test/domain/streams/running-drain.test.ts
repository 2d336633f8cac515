import { assert, describe, it } from "@effect/vitest";
import { Duration, Schema } from "effect";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import { runningDrain } from "../../../src/domain/streams/running-drain.ts";
import { formatGoDuration } from "../../../src/domain/text/go-duration.ts";

interface Pods {
  readonly command?: ReadonlyArray<unknown> | undefined;
  readonly args?: ReadonlyArray<unknown>;
  readonly grace?: number | undefined;
  readonly manager?: string;
}

const SHUTDOWN = ["envoy-gateway", "envoy", "shutdown"];
const MANAGER = ["envoy", "shutdown-manager"];

/** What Envoy Gateway 1.7.0 and 1.8.3 write, as far as it matters here. */
const deployment = (pods: Pods, status?: object): KubeObject => {
  const { command, args, grace, manager } = {
    command: SHUTDOWN,
    args: MANAGER,
    grace: 360,
    manager: "shutdown-manager",
    ...pods,
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "egress", namespace: "tars-dataplane" },
    spec: {
      replicas: 2,
      template: {
        spec: {
          ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
          containers: [
            {
              name: "envoy",
              lifecycle: { preStop: { httpGet: { path: "/shutdown/ready", port: 19002 } } },
            },
            {
              name: manager,
              args,
              ...(command === undefined ? {} : { lifecycle: { preStop: { exec: { command } } } }),
            },
          ],
        },
      },
    },
    ...(status === undefined ? {} : { status }),
  };
};

const drainSeconds = (pods: Pods): number | undefined => {
  const { drain } = runningDrain(deployment(pods));
  return drain === undefined ? undefined : Duration.toSeconds(drain);
};

describe("the drain of the proxies that run", () => {
  it.each<[string, Pods, number | undefined]>([
    ["is Envoy Gateway's minute where none was asked for", {}, 60],
    [
      "is that of the EnvoyProxy they were made from",
      {
        command: [...SHUTDOWN, "--drain-timeout=300s", "--min-drain-duration=15s"],
        args: [...MANAGER, "--ready-timeout=310s"],
        grace: 600,
      },
      300,
    ],
    ["may be shorter than the minimum", { command: [...SHUTDOWN, "--drain-timeout=5s"] }, 5],
    ["may follow its flag", { command: [...SHUTDOWN, "--drain-timeout", "1m30s"] }, 90],
    [
      "is the last that is given",
      { command: [...SHUTDOWN, "--drain-timeout=9s", "--drain-timeout=7s"] },
      7,
    ],
    ["is zero where that was asked for", { command: [...SHUTDOWN, "--drain-timeout=0s"] }, 0],
    [
      "ends with the grace period",
      { command: [...SHUTDOWN, "--drain-timeout=300s"], grace: 20 },
      20,
    ],
    ["ends with the default grace period of Kubernetes", { grace: undefined }, 30],
    [
      "ends when the hook of Envoy is no longer held up",
      { command: [...SHUTDOWN, "--drain-timeout=900s"], grace: 1200 },
      610,
    ],
    ["may have a path", { command: ["/usr/local/bin/envoy-gateway", "envoy", "shutdown"] }, 60],
    ["is unknown without a hook", { command: undefined }, undefined],
    ["is unknown of another hook", { command: ["sh", "-c", "sleep 30"] }, undefined],
    ["is unknown of another command", { command: ["envoy-gateway", "certgen"] }, undefined],
    ["is unknown of no command", { command: [] }, undefined],
    [
      "is unknown of a time that is none",
      { command: [...SHUTDOWN, "--drain-timeout=soon"] },
      undefined,
    ],
    [
      "is unknown of a flag without a time",
      { command: [...SHUTDOWN, "--drain-timeout"] },
      undefined,
    ],
    ["is unknown of a negative time", { command: [...SHUTDOWN, "--drain-timeout=-5s"] }, undefined],
    ["is unknown of a container by another name", { manager: "drainer" }, undefined],
  ])("%s", (_, pods, seconds) => {
    assert.strictEqual(drainSeconds(pods), seconds);
  });

  it("is unknown of a Deployment that says nothing, whose grace period is the default", () => {
    const bare = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "egress" } };
    assert.deepStrictEqual(runningDrain(bare), {
      deployment: "egress",
      replicas: 0,
      drain: undefined,
      grace: Duration.seconds(30),
    });
  });

  it("comes with the replicas that exist, else those asked for", () => {
    assert.strictEqual(runningDrain(deployment({}, { replicas: 5 })).replicas, 5);
    assert.strictEqual(runningDrain(deployment({})).replicas, 2);
  });

  const Millis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 600_000 }));
  const Seconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 900 }));
  it.prop(
    "is the time in the hook, up to the grace period",
    [Millis, Seconds],
    ([millis, grace]) => {
      const asked = Duration.millis(millis);
      const command = [...SHUTDOWN, `--drain-timeout=${formatGoDuration(asked)}`];
      const found = runningDrain(deployment({ command, grace }));
      const drain = found.drain ?? assert.fail("no drain");
      // By value: the text may come back as nanoseconds.
      assert.isTrue(Duration.equals(drain, Duration.min(asked, Duration.seconds(grace))));
      assert.deepStrictEqual(found.grace, Duration.seconds(grace));
    },
  );

  it.prop("never fails on what is written there", [Schema.Array(Schema.String)], ([words]) => {
    const { drain, grace } = runningDrain(deployment({ command: [...SHUTDOWN, ...words] }));
    assert.isTrue(drain === undefined || Duration.isLessThanOrEqualTo(drain, grace));
  });
});
