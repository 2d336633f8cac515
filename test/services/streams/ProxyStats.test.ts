import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Fiber, Ref } from "effect";
import { TestClock } from "effect/testing";
import { Pod } from "../../../src/domain/kube/objects.ts";
import { ProxyStats } from "../../../src/services/streams/ProxyStats.ts";
import { FakeCluster, FakeStreams, type Fault, forbidden, hang, world } from "../../fakes/index.ts";

const proxies = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  return (yield* cluster.all(Pod, "tars-dataplane")).map(({ metadata }) => ({
    namespace: "tars-dataplane",
    name: metadata.name,
  }));
});

const egress = { gateway: "egress", namespace: "tars-dataplane" };
const about = (trouble: Fault["trouble"]): Fault => ({ verb: "proxy", trouble });

describe("the statistics of a proxy", () => {
  it.effect("tell how many streams are open on it now", () =>
    Effect.gen(function* () {
      const [stats, streams] = [yield* ProxyStats, yield* FakeStreams];
      const [one = { namespace: "", name: "" }] = yield* proxies;
      assert.strictEqual(yield* stats.openStreams(one), 0);
      yield* streams.open({ ...egress, duration: "1 minute", count: 6 });
      assert.strictEqual(yield* stats.openStreams(one), 3);
      yield* TestClock.adjust("1 minute");
      assert.strictEqual(yield* stats.openStreams(one), 0);
    }).pipe(Effect.provide(world())),
  );

  it.effect("of a pod that does not exist are gone", () =>
    Effect.gen(function* () {
      const stats = yield* ProxyStats;
      const pod = { namespace: "tars-dataplane", name: "egress-0" };
      assert.strictEqual((yield* Effect.flip(stats.openStreams(pod))).reason, "Gone");
    }).pipe(Effect.provide(world())),
  );

  it.effect("are forbidden without the permission", () =>
    Effect.gen(function* () {
      const stats = yield* ProxyStats;
      const [one = { namespace: "", name: "" }] = yield* proxies;
      const error = yield* Effect.flip(stats.openStreams(one));
      assert.strictEqual(error.reason, "Forbidden");
      assert.include(error.message, `read /stats/prometheus of Pod tars-dataplane/${one.name}`);
    }).pipe(Effect.provide(world({ faults: [about(forbidden)] }))),
  );

  it.effect("are waited for two seconds", () =>
    Effect.gen(function* () {
      const stats = yield* ProxyStats;
      const [one = { namespace: "", name: "" }] = yield* proxies;
      const asked = yield* Effect.forkChild(Effect.timed(Effect.flip(stats.openStreams(one))));
      yield* TestClock.adjust("10 seconds");
      const [took, error] = yield* Fiber.join(asked);
      assert.strictEqual(error.reason, "Unreadable");
      assert.strictEqual(Duration.toSeconds(took), 2);
    }).pipe(Effect.provide(world({ faults: [about(hang)] }))),
  );

  it.effect("that do not count requests are unreadable", () =>
    Effect.gen(function* () {
      const [stats, cluster] = [yield* ProxyStats, yield* FakeCluster];
      yield* Ref.set(cluster.podServers, () => "envoy_server_live{} 1\n");
      const [one = { namespace: "", name: "" }] = yield* proxies;
      const error = yield* Effect.flip(stats.openStreams(one));
      assert.strictEqual(error.reason, "Unreadable");
      assert.match(error.message, /does not count its requests$/);
    }).pipe(Effect.provide(world())),
  );
});
