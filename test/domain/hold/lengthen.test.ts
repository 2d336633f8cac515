import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import { asBefore, lengthened } from "../../../src/domain/hold/lengthen.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const proxy = (spec?: object): KubeObject => ({
  apiVersion: "gateway.envoyproxy.io/v1alpha1",
  kind: "EnvoyProxy",
  metadata: { name: "tars-egress", namespace: "tars-system" },
  ...(spec === undefined ? {} : { spec }),
});

const withStrategy = (strategy: object, more: object = {}) =>
  proxy({
    ...more,
    provider: { type: "Kubernetes", kubernetes: { envoyDeployment: { strategy } } },
  });

const FIVE_MINUTES = Duration.minutes(5);

describe("an EnvoyProxy with a longer drain", () => {
  it("replaces its proxies all at once, and keeps what else it asks for", () => {
    const before = withStrategy(
      { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      { shutdown: { minDrainDuration: "5s" }, ipFamily: "IPv6" },
    );
    assert.deepStrictEqual(
      lengthened(before, FIVE_MINUTES),
      withStrategy(
        { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "100%" } },
        { shutdown: { minDrainDuration: "5s", drainTimeout: "300s" }, ipFamily: "IPv6" },
      ),
    );
  });

  it("goes on replacing them after they have ended where that was asked for", () => {
    const before = withStrategy({ type: "Recreate" });
    assert.deepStrictEqual(
      lengthened(before, FIVE_MINUTES),
      withStrategy({ type: "Recreate" }, { shutdown: { drainTimeout: "300s" } }),
    );
  });

  it.each([
    ["nothing", proxy()],
    ["an empty spec", proxy({})],
    ["another provider field", proxy({ provider: { type: "Kubernetes" } })],
    ["a strategy", withStrategy({ type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } })],
    ["shutdown settings", proxy({ shutdown: { drainTimeout: "60s", minDrainDuration: "5s" } })],
  ])("is as before again where it had %s", (_, before) => {
    const { spec = {} } = before;
    assert.deepStrictEqual(asBefore(lengthened(before, FIVE_MINUTES), before).spec, spec as object);
  });

  it("keeps what others have changed meanwhile", () => {
    const before = proxy({ logging: { level: { default: "warn" } } });
    const live = lengthened(before, FIVE_MINUTES);
    const changed = { ...live, spec: { ...(live.spec as object), ipFamily: "DualStack" } };
    assert.deepStrictEqual(asBefore(changed, before).spec, {
      logging: { level: { default: "warn" } },
      ipFamily: "DualStack",
    });
  });
});
