/** The fake API server and its controllers, where a test would mislead if they were wrong. */
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Option } from "effect";
import { TestClock } from "effect/testing";
import {
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  EnvoyProxy,
  Gateway,
  type KubeObject,
  Lease,
} from "../../src/domain/kube/objects.ts";
import { Kubectl } from "../../src/services/kube/Kubectl.ts";
import {
  crd,
  EGRESS,
  ENVOY_PROXY,
  FakeCluster,
  hang,
  simulate,
  slow,
  TARS_EGRESS,
  unreachable,
  withField,
  world,
} from "./index.ts";

const configMap = (data: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "notes", namespace: "default" },
  data,
});

const NOTES = { type: ConfigMap, name: "notes", namespace: "default" };

const apply = Effect.fnUntraced(function* (
  fieldManager: string,
  data: Record<string, string>,
  force = false,
) {
  const kubectl = yield* Kubectl;
  return yield* kubectl.apply(ConfigMap, configMap(data), { fieldManager, force });
});

describe("server-side apply", () => {
  it.effect("removes what a manager no longer applies and owned alone", () =>
    Effect.gen(function* () {
      yield* apply("a", { mine: "1", shared: "1" });
      yield* apply("b", { shared: "1", theirs: "1" });
      const after = yield* apply("a", { other: "1" });
      assert.deepStrictEqual(after.data, { shared: "1", theirs: "1", other: "1" });
    }).pipe(Effect.provide(world())),
  );

  it.effect("refuses to change another manager's field unless forced, which takes it over", () =>
    Effect.gen(function* () {
      yield* apply("a", { field: "1" });
      const conflict = yield* Effect.flip(apply("b", { field: "2" }));
      assert.strictEqual(conflict.reason, "Conflict");
      assert.match(conflict.detail, /conflict with "a": \.data\.field/);
      yield* apply("b", { field: "2" }, true);
      const back = yield* Effect.flip(apply("a", { field: "1" }));
      assert.strictEqual(back.reason, "Conflict");
    }).pipe(Effect.provide(world())),
  );

  it.effect("of the same thing writes nothing", () =>
    Effect.gen(function* () {
      const first = yield* apply("a", { field: "1" });
      const second = yield* apply("a", { field: "1" });
      assert.strictEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
    }).pipe(Effect.provide(world())),
  );

  it.effect("as a dry run answers as if it had been done, and keeps nothing", () =>
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const type = CustomResourceDefinition;
      const options = { fieldManager: "a", force: true, dryRun: true };
      const would = yield* kubectl.apply(type, crd({ ...ENVOY_PROXY, schema: "2" }), options);
      assert.strictEqual(would.metadata.generation, 2);
      const live = yield* kubectl.get({ type, name: would.metadata.name });
      assert.strictEqual(Option.getOrThrow(live).metadata.generation, 1);
    }).pipe(Effect.provide(world())),
  );
});

describe("objects", () => {
  it.effect("count generations with their specification only, where the type has one", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const generation = Effect.map(cluster.peek(TARS_EGRESS), (one) => one?.metadata.generation);
      const before = (yield* generation) ?? 0;
      yield* cluster.setStatus(TARS_EGRESS, { replicas: 7 });
      yield* cluster.edit(TARS_EGRESS, withField("metadata.annotations", { note: "1" }));
      assert.strictEqual(yield* generation, before);
      yield* cluster.edit(TARS_EGRESS, withField("spec.paused", true));
      assert.strictEqual(yield* generation, before + 1);
      const made = yield* apply("a", { field: "1" });
      assert.notProperty(made.metadata, "generation");
    }).pipe(Effect.provide(world())),
  );

  it.effect("are created once, and replaced only as they were read", () =>
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const lease = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: "lock", namespace: "default" },
      };
      const read = yield* kubectl.create(Lease, lease);
      const again = yield* Effect.flip(kubectl.create(Lease, lease));
      assert.strictEqual(again.reason, "Conflict");
      yield* kubectl.replace(Lease, { ...read, spec: { holderIdentity: "a" } });
      const late = yield* Effect.flip(
        kubectl.replace(Lease, { ...read, spec: { holderIdentity: "b" } }),
      );
      assert.strictEqual(late.reason, "Conflict");
    }).pipe(Effect.provide(world())),
  );

  it.effect("of a custom type need their CRD, and some time", () =>
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const list = kubectl.list({ type: EnvoyProxy });
      assert.strictEqual((yield* Effect.flip(list)).reason, "NotServed");
      const options = { fieldManager: "tare", force: true };
      yield* kubectl.apply(CustomResourceDefinition, crd(ENVOY_PROXY), options);
      assert.strictEqual((yield* Effect.flip(list)).reason, "NotServed");
      yield* TestClock.adjust("1 second");
      assert.deepStrictEqual(yield* list, []);
    }).pipe(Effect.provide(world({ revisions: [], crds: [] }))),
  );

  it.effect("are selected by labels and can be had without their bodies", () =>
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const labelSelector = "gateway.envoyproxy.io/owning-gateway-name=egress";
      const [one, ...others] = yield* kubectl.list({
        type: Deployment,
        labelSelector,
        metadataOnly: true,
      });
      assert.deepStrictEqual(others, []);
      assert.strictEqual(one?.metadata.name, "egress");
      assert.notProperty(one, "spec");
    }).pipe(Effect.provide(world())),
  );
});

describe("a fault", () => {
  it.effect("hits the requests it is about, so many times, until it is taken away", () =>
    Effect.gen(function* () {
      const [cluster, kubectl] = yield* Effect.all([FakeCluster, Kubectl]);
      const works = Effect.map(Effect.option(kubectl.get(NOTES)), Option.isSome);
      yield* cluster.inject({ trouble: unreachable, kind: "ConfigMap", skip: 1, times: 1 });
      assert.deepStrictEqual([yield* works, yield* works, yield* works], [true, false, true]);
      const cure = yield* cluster.inject({ trouble: unreachable, verb: "get" });
      assert.isFalse(yield* works);
      yield* cure;
      assert.isTrue(yield* works);
    }).pipe(Effect.provide(world())),
  );

  it.effect.each([
    [slow("3 seconds"), 3_000, "Success"],
    [hang, 30_000, "Failure"],
  ] as const)("costs its time", ([trouble, millis, tag]) =>
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const { exit, elapsed } = yield* simulate(kubectl.get(NOTES));
      assert.strictEqual(elapsed, millis);
      assert.strictEqual(exit._tag, tag);
    }).pipe(Effect.provide(world({ faults: [{ trouble }] }))),
  );
});

describe("a rollout", () => {
  const status = Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    const { replicas, updatedReplicas, readyReplicas } = ((yield* cluster.peek(EGRESS))?.status ??
      {}) as Record<string, number>;
    return `${replicas} pods, ${updatedReplicas} new, ${readyReplicas} ready`;
  });

  const setImage = Effect.fnUntraced(function* (tag: string) {
    const cluster = yield* FakeCluster;
    const path = "spec.provider.kubernetes.envoyDeployment.container.image";
    yield* cluster.edit(TARS_EGRESS, withField(path, `envoy:${tag}`));
  });

  it.effect("adds one pod at a time and never has one too few", () =>
    Effect.gen(function* () {
      yield* setImage("v2");
      const seen: Array<string> = [];
      for (let second = 0; second < 14; second++) {
        const now = yield* status;
        if (seen.at(-1) !== now) seen.push(now);
        yield* TestClock.adjust(Duration.seconds(1));
      }
      assert.deepStrictEqual(seen, [
        "2 pods, 2 new, 2 ready",
        "3 pods, 1 new, 2 ready",
        "3 pods, 2 new, 2 ready",
        "2 pods, 2 new, 2 ready",
      ]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("of an image that never becomes ready stops there, and can be turned back", () =>
    Effect.gen(function* () {
      yield* setImage("never-ready");
      yield* TestClock.adjust("1 hour");
      assert.strictEqual(yield* status, "3 pods, 1 new, 2 ready");
      yield* setImage("v3");
      yield* TestClock.adjust("1 minute");
      assert.strictEqual(yield* status, "2 pods, 2 new, 2 ready");
    }).pipe(Effect.provide(world())),
  );

  it.effect("follows the floor of the HPA upwards", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.edit(
        TARS_EGRESS,
        withField("spec.provider.kubernetes.envoyHpa.minReplicas", 4),
      );
      yield* TestClock.adjust("1 minute");
      assert.strictEqual(yield* status, "4 pods, 4 new, 4 ready");
    }).pipe(Effect.provide(world())),
  );

  it.effect("is not started for a Gateway that is gone: its Deployment goes too", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.remove({ type: Gateway, name: "egress", namespace: "tars-dataplane" });
      yield* TestClock.adjust("1 minute");
      assert.isUndefined(yield* cluster.peek(EGRESS));
    }).pipe(Effect.provide(world())),
  );
});
