import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { TestClock } from "effect/testing";
import { Lease } from "../../src/domain/kube.ts";
import { Kubectl } from "../../src/services/Kubectl.ts";
import { ReleaseLock } from "../../src/services/ReleaseLock.ts";
import { answerLost, FakeCluster, unreachable, world } from "../fakes/index.ts";

const release = { name: "tars", namespace: "tars-system" };
const lease = { type: Lease, name: "tare-tars", namespace: "tars-system" };

const acquire = Effect.flatMap(ReleaseLock, (locks) => locks.acquire(release));

describe("the lock on a release", () => {
  it.effect("is kept alive for as long as the run lasts", () =>
    Effect.gen(function* () {
      const lock = yield* acquire;
      yield* TestClock.adjust("1 hour");
      yield* lock.check;
      const refused = yield* Effect.flip(acquire);
      assert.deepInclude(refused, { _tag: "LockHeld", holder: "tare-test" });
    }).pipe(Effect.scoped, Effect.provide(world())),
  );

  it.effect("is free for the next run when this one ends", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(acquire);
      yield* Effect.scoped(acquire);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is lost when it could not be renewed for as long as it lasts", () =>
    Effect.gen(function* () {
      const lock = yield* acquire;
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: unreachable, verb: "replace", kind: "Lease" });
      yield* TestClock.adjust("25 seconds");
      yield* lock.check;
      yield* TestClock.adjust("10 seconds");
      const { detail } = yield* Effect.flip(lock.check);
      assert.include(detail, "could not be renewed");
    }).pipe(Effect.scoped, Effect.provide(world())),
  );

  it.effect("survives a renewal whose answer was lost", () =>
    Effect.gen(function* () {
      const lock = yield* acquire;
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: answerLost, verb: "replace", kind: "Lease", times: 1 });
      yield* TestClock.adjust("2 minutes");
      yield* lock.check;
    }).pipe(Effect.scoped, Effect.provide(world())),
  );

  it.effect("is lost when somebody deletes it", () =>
    Effect.gen(function* () {
      const lock = yield* acquire;
      const kubectl = yield* Kubectl;
      yield* kubectl.delete(lease);
      yield* TestClock.adjust("11 seconds");
      assert.strictEqual((yield* Effect.flip(lock.check))._tag, "LockLost");
    }).pipe(Effect.scoped, Effect.provide(world())),
  );
});
