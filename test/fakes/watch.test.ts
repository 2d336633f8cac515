import { assert, describe, it } from "@effect/vitest";
import { Effect, Fiber, Ref, Stream } from "effect";
import { TestClock } from "effect/testing";
import { ConfigMap, type KubeObject } from "../../src/domain/kube/objects.ts";
import { Kubectl, type WatchEvent } from "../../src/services/kube/Kubectl.ts";
import { FakeCluster, unreachable, world } from "./index.ts";

const APP = { app: "envoy" };

const configMap = (name: string, labels: Readonly<Record<string, string>> = APP): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "watched", labels },
});

const show = (event: WatchEvent): string =>
  event._tag === "Listed"
    ? `Listed ${event.objects.map(({ metadata }) => metadata.name)}`
    : `${event._tag} ${event.object.metadata.name}`;

const started = Effect.gen(function* () {
  const kubectl = yield* Kubectl;
  const seen = yield* Ref.make<ReadonlyArray<string>>([]);
  const watch = kubectl.watch({
    type: ConfigMap,
    namespace: "watched",
    labelSelector: "app=envoy",
  });
  const fiber = yield* Effect.forkChild(
    Stream.runForEach(watch, (event) => Ref.update(seen, (all) => [...all, show(event)])),
  );
  yield* TestClock.adjust("1 second");
  return { seen, fiber };
});

describe("the fake watch", () => {
  it.effect("lists, then tells what changes for the one who sees only what matches", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.seed(ConfigMap, configMap("old"));
      const { seen } = yield* started;
      const { apply } = yield* Kubectl;
      const put = (object: KubeObject) =>
        apply(ConfigMap, object, { fieldManager: "test", force: true });
      yield* put(configMap("new"));
      yield* put(configMap("unrelated", { app: "other" }));
      yield* put(configMap("new", { app: "other" }));
      yield* cluster.remove({ type: ConfigMap, name: "old", namespace: "watched" });
      yield* TestClock.adjust("1 second");
      assert.deepStrictEqual(yield* Ref.get(seen), [
        "Listed old",
        "Applied new",
        "Deleted new",
        "Deleted old",
      ]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is cut by a fault that comes while it is open", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const { fiber } = yield* started;
      yield* cluster.inject({ trouble: unreachable, kind: "Secret" });
      yield* TestClock.adjust("1 second");
      assert.isUndefined(fiber.pollUnsafe());
      yield* cluster.inject({ trouble: unreachable, verb: "watch" });
      const error = yield* Effect.flip(Fiber.join(fiber));
      assert.strictEqual(error.reason, "Unreachable");
      assert.strictEqual(error.request, "watch configmaps in watched");
    }).pipe(Effect.provide(world())),
  );
});
