/** How clients reach the data plane, and what an upgrade must not make of it unasked. */

import { assert, describe, it } from "@effect/vitest";
import { Effect, Redacted } from "effect";
import { EnvoyProxy, fieldAt, Gateway } from "../../src/domain/kube/objects.ts";
import type { UpgradeOptions } from "../../src/domain/run/upgrade-options.ts";
import type { OperatorError } from "../../src/errors.ts";
import {
  FakeCluster,
  HELM_3,
  HELM_4,
  hintsOf,
  runUpgrade,
  type Scenario,
  withField,
  world,
  writesOf,
} from "../fakes/index.ts";

const LISTENERS = [{ name: "http", port: 8080 }];
const SERVICE = { type: "LoadBalancer", annotations: { "example.com/lb": "internal" } };
const REACHED = { gateway: { listeners: LISTENERS, service: SERVICE } };
const PROXY = { type: EnvoyProxy, name: "tars-egress", namespace: "tars-system" };
const EGRESS = { type: Gateway, name: "egress", namespace: "tars-dataplane" };
const SERVICE_PATH = "spec.provider.kubernetes.envoyService";

const reach = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const service = fieldAt(yield* cluster.peek(PROXY), ...SERVICE_PATH.split("."));
  const listeners = fieldAt(yield* cluster.peek(EGRESS), "spec", "listeners");
  return { listeners, service };
});

const commandsOf = (error: Pick<OperatorError, "hints"> | undefined) =>
  hintsOf(error).flatMap(({ commands }) => commands);

const HELMS: ReadonlyArray<Scenario> = [{ helm: HELM_3 }, { helm: HELM_4, applyMethod: "ssa" }];
const asked = (values: object): Partial<UpgradeOptions> => ({
  values: Redacted.make(values as never),
});

describe("values that decide how clients reach the data plane", () => {
  it.effect.each(HELMS)(
    "stop the upgrade that would lose them, with what keeps them ($helm)",
    (helm) =>
      Effect.gen(function* () {
        const { error } = yield* runUpgrade();
        assert.strictEqual(error?._tag, "ReachWouldChange");
        assert.strictEqual(error?.exitCode, 10);
        assert.includeMembers(
          [...(error?.why ?? [])],
          [
            `EnvoyProxy tars-system/tars-egress: ${SERVICE_PATH}.type: "LoadBalancer" → "ClusterIP"`,
            "Gateway tars-dataplane/egress: spec.listeners[http].port: 8080 → 80",
          ],
        );
        assert.strictEqual(
          commandsOf(error)[0],
          "tare upgrade identity.json --keep gateway.service.annotations --keep gateway.service.type --keep gateway.listeners",
        );
        assert.deepStrictEqual(yield* writesOf("tare"), []);
        assert.deepStrictEqual(yield* writesOf("helm"), []);
      }).pipe(Effect.provide(world({ ...helm, values: REACHED }))),
  );

  it.effect.each([
    ["kept one by one", { keep: ["gateway.service", "gateway.listeners"] }],
    ["kept with all the others", { keep: ["all"], strictValues: true }],
    ["given in a file", asked(REACHED)],
  ] as const)("stay when they are %s", ([, options]) =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options });
      assert.isUndefined(error, error?.message);
      assert.deepStrictEqual(yield* reach, { listeners: LISTENERS, service: SERVICE });
    }).pipe(Effect.provide(world({ values: REACHED }))),
  );

  it.effect.each([
    ["when that is allowed", { allowReachChange: true }],
    [
      "when a file says so",
      asked({
        gateway: {
          listeners: [{ name: "http", port: 80 }],
          service: { type: "ClusterIP", annotations: {} },
        },
      }),
    ],
  ] as const)("change %s", ([, options]) =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options });
      assert.isUndefined(error, error?.message);
      assert.deepInclude((yield* reach).service, { type: "ClusterIP" });
    }).pipe(Effect.provide(world({ values: REACHED }))),
  );

  it.effect("stop it as well when they were set by hand, with the values that keep them", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.edit(PROXY, withField(`${SERVICE_PATH}.type`, "LoadBalancer"));
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "ReachWouldChange");
      assert.strictEqual(
        commandsOf(error)[0],
        `tare upgrade identity.json --values '{"gateway":{"service":{"type":"LoadBalancer"}}}'`,
      );
      const values = { gateway: { service: { type: "LoadBalancer" } } };
      assert.isUndefined((yield* runUpgrade({ options: asked(values) })).error);
      assert.deepStrictEqual((yield* reach).service, { type: "LoadBalancer" });
    }).pipe(Effect.provide(world({ helm: HELM_4, applyMethod: "ssa" }))),
  );

  it.effect("are left alone by a Helm that leaves them alone", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.edit(PROXY, withField(`${SERVICE_PATH}.type`, "LoadBalancer"));
      assert.isUndefined((yield* runUpgrade()).error);
      assert.deepStrictEqual((yield* reach).service, { type: "LoadBalancer" });
    }).pipe(Effect.provide(world({ helm: HELM_3 }))),
  );

  it.effect("never stop an upgrade of a release that has none of its own", () =>
    Effect.gen(function* () {
      assert.isUndefined((yield* runUpgrade()).error);
    }).pipe(Effect.provide(world({ helm: HELM_4, applyMethod: "ssa" }))),
  );
});

describe("a hosted Redis", () => {
  const hosted = { redis: { type: "hosted" } };

  it.effect("is not swapped for an empty one", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "ReachWouldChange");
      assert.include(commandsOf(error)[0], "--redis-type hosted");
      assert.isUndefined((yield* runUpgrade({ options: { redisType: "hosted" } })).error);
    }).pipe(Effect.provide(world({ values: hosted }))),
  );
});

describe("--keep", () => {
  it.effect("of what is not there is bad input", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options: { keep: ["gateway.nothing"] } });
      assert.strictEqual(error?._tag, "NothingToKeep");
      assert.strictEqual(error?.exitCode, 2);
    }).pipe(Effect.provide(world())),
  );
});
