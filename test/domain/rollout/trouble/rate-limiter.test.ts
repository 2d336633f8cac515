import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "../../../../src/domain/kube/objects.ts";
import { limiterEntries } from "../../../../src/domain/rollout/trouble/rate-limiter.ts";
import type { Staleness, WaitingFor } from "../../../../src/domain/rollout/trouble/waiting-for.ts";
import { controllerSettings } from "../../../../src/services/rollout/controller-settings.ts";

const IMAGE = "registry.example.com/ratelimit:1.2.0";

const settings = (rateLimitDeployment: object | undefined = { container: { image: IMAGE } }) => ({
  kind: "EnvoyGateway",
  provider: { kubernetes: { rateLimitDeployment } },
  rateLimit: { backend: { type: "Redis" } },
});

const limiter = (image = IMAGE, over: object = {}, name = "envoy-ratelimit"): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "tars-system", generation: 1 },
  spec: {
    replicas: 1,
    template: { spec: { containers: [{ name: "envoy-ratelimit", image }] } },
    ...over,
  },
  status: {
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
  },
});

const limiterProgress = (asked: unknown, found: ReadonlyArray<KubeObject>) =>
  limiterEntries(asked, found).map(({ progress }) => progress);

const waits = (asked: unknown, ...found: ReadonlyArray<KubeObject>) =>
  limiterProgress(asked, found).map(({ waitingFor }) => waitingFor);

const stale = (staleness: Staleness): WaitingFor => ({
  _tag: "Stale",
  staleness,
  refusal: undefined,
});

describe("the rate limiter", () => {
  it("is where it should be when it runs what the settings ask for", () => {
    assert.deepStrictEqual(waits(settings(), limiter()), [undefined]);
  });

  it("is named with the image that it still asks for", () => {
    assert.deepStrictEqual(waits(settings(), limiter("old:1")), [
      stale({ _tag: "Image", found: "old:1", asked: IMAGE }),
    ]);
  });

  it("is missed when the settings ask for one", () => {
    assert.deepStrictEqual(limiterProgress(settings({ name: "limits", replicas: 2 }), []), [
      { name: "limits", ready: 0, desired: 2, waitingFor: { _tag: "EnvoyGateway" } },
    ]);
    assert.deepStrictEqual(waits(settings(undefined)), [{ _tag: "EnvoyGateway" }]);
  });

  it("is missed by nobody whose settings ask for none, or cannot be read", () => {
    assert.deepStrictEqual(waits({ kind: "EnvoyGateway" }), []);
    assert.deepStrictEqual(waits(undefined), []);
  });

  it("keeps nobody waiting on its way out, nor scaled to zero", () => {
    const down = { ...limiter(), status: {} };
    assert.deepStrictEqual(waits({ kind: "EnvoyGateway" }, down), [undefined]);
    assert.deepStrictEqual(waits(settings(), limiter(IMAGE, { replicas: 0 })), [undefined]);
  });

  it("must be up where the settings cannot be read", () => {
    assert.deepStrictEqual(waits(undefined, { ...limiter(), status: { observedGeneration: 1 } }), [
      { _tag: "PodsUpdated", count: 0, desired: 1, isEarlier: false },
    ]);
  });

  it("is compared in what a patch adds as well", () => {
    const patched = settings({
      patch: { value: { spec: { template: { spec: { priorityClassName: "high" } } } } },
    });
    assert.deepStrictEqual(waits(patched, limiter()), [
      stale({
        _tag: "Field",
        path: "template.spec.priorityClassName",
        found: undefined,
        asked: "high",
      }),
    ]);
  });
});

const configMap = (data: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "any", namespace: "tars-system" },
  data,
});

describe("the controller's settings", () => {
  it("are found whatever their ConfigMap and key are called, as YAML and as JSON", () => {
    const yaml = "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyGateway\nrateLimit: {}\n";
    for (const text of [yaml, JSON.stringify({ kind: "EnvoyGateway", rateLimit: {} })]) {
      assert.containSubset(controllerSettings([configMap({ a: "text" }), configMap({ b: text })]), {
        rateLimit: {},
      });
    }
  });

  it("are nothing where no document is of that kind, or it is broken", () => {
    const nested = "kind: Other\nitem:\n  kind: EnvoyGateway\n";
    for (const text of [nested, "kind: EnvoyGateway\n  : [", "", "kind: EnvoyProxy"]) {
      assert.isUndefined(controllerSettings([configMap({ a: text })]));
    }
    assert.isUndefined(controllerSettings([]));
  });
});
