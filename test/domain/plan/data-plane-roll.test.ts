import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import type { ObjectChange } from "../../../src/domain/fields/object-change.ts";
import { shownWhole } from "../../../src/domain/fields/shown-value.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import { dataPlaneRolls, drainRolls } from "../../../src/domain/plan/data-plane-roll.ts";
import type { RollReason } from "../../../src/domain/plan/roll-reason.ts";

const change = (kind: string, name: string, path: string, after: string): ObjectChange => ({
  kind,
  name,
  namespace: "tars-system",
  action: "change",
  fields: [{ path, before: undefined, after: shownWhole(JSON.stringify(after)) }],
});

const egress: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "egress", namespace: "tars-dataplane" },
  spec: { replicas: 3 },
};

const proxy = change("EnvoyProxy", "tars-egress", "spec.shutdown.drainTimeout", "300s");
const PROXY_CHANGES = {
  _tag: "EnvoyProxy",
  name: "tars-egress",
  changesSidecar: undefined,
} as const;
const argument = (value: string): ObjectChange =>
  change(
    "Deployment",
    "ai-gateway-controller",
    "spec.template.spec.containers[ai-gateway-controller].args[3]",
    value,
  );

const why = (...changes: ReadonlyArray<ObjectChange>): ReadonlyArray<RollReason> =>
  dataPlaneRolls(changes, [egress]).map((roll) => roll.why);

describe("the data plane is replaced", () => {
  it("once for a change of its settings, with all its pods", () => {
    assert.deepStrictEqual(dataPlaneRolls([proxy], [egress]), [
      {
        workload: { kind: "data plane", name: "egress" },
        namespace: "tars-dataplane",
        pods: 3,
        why: PROXY_CHANGES,
      },
    ]);
  });

  it.each(["--extProcImage=ext-proc:2", "--extProcLogLevel=debug"])(
    "possibly twice when the AI Gateway has another sidecar for it: %s",
    (value) => {
      assert.deepStrictEqual(why(proxy, argument(value)), [
        { ...PROXY_CHANGES, changesSidecar: "ai-gateway-controller" },
      ]);
    },
  );

  it("once when the AI Gateway changes otherwise", () => {
    assert.deepStrictEqual(why(proxy, argument("--logLevel=debug")), [PROXY_CHANGES]);
  });

  it("possibly, when a controller alone changes", () => {
    assert.deepStrictEqual(why(argument("--logLevel=debug")), [
      { _tag: "Controller", name: "ai-gateway-controller" },
    ]);
  });

  it("not by anything else", () => {
    assert.deepStrictEqual(why(change("ConfigMap", "tars-config", "data.a", "b")), []);
  });
});

describe("proxies with a shorter drain than is asked for", () => {
  const withDrain = (drain: string): KubeObject => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "egress", namespace: "tars-dataplane" },
    spec: {
      replicas: 2,
      template: {
        spec: {
          terminationGracePeriodSeconds: 600,
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
  });

  it("are replaced before Helm starts", () => {
    assert.deepStrictEqual(drainRolls([withDrain("60s")], Duration.seconds(300)), [
      {
        workload: { kind: "data plane", name: "egress" },
        namespace: "tars-dataplane",
        pods: 2,
        why: {
          _tag: "ShortDrain",
          drain: Duration.seconds(60),
          asked: Duration.seconds(300),
        },
      },
    ]);
  });

  it("are left alone when theirs is as long", () => {
    assert.deepStrictEqual(drainRolls([withDrain("300s")], Duration.seconds(300)), []);
  });
});
