import { assert, describe, it } from "@effect/vitest";
import { Clock, Duration, Effect, Exit, Fiber, Scope } from "effect";
import { TestClock } from "effect/testing";
import { Lease } from "../../../src/domain/kube/objects.ts";
import { heldLease, microTime } from "../../../src/domain/lock/lease.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { type LockNews, ReleaseLock } from "../../../src/services/lock/ReleaseLock.ts";
import {
  answerLost,
  FakeCluster,
  FakeProcesses,
  overtaken,
  processOn,
  runAs,
  simulate,
  unreachable,
  world,
} from "../../fakes/index.ts";

const release = { name: "tars", namespace: "tars-system" };
const lease = { type: Lease, name: "tare-tars", namespace: "tars-system" };

const acquireWith = (waitAtMost: Duration.Duration, news: Array<LockNews> = []) =>
  Effect.flatMap(ReleaseLock, (locks) =>
    locks.acquire(release, {
      waitAtMost,
      onNews: (one) => Effect.sync(() => news.push(one)),
    }),
  );
const acquire = acquireWith(Duration.zero);

const HERE = processOn(8);
const ELSEWHERE = processOn(7, { host: "laptop", table: "machine-2" });

describe("the lock on a release", () => {
  it.effect("is kept alive for as long as the run lasts", () =>
    Effect.gen(function* () {
      const lock = yield* acquire;
      yield* TestClock.adjust("1 hour");
      yield* lock.check;
      const refused = yield* Effect.flip(runAs(HERE)(acquire));
      assert.deepInclude(refused, { _tag: "LockHeld", holder: "operator@build-1, process 100" });
    }).pipe(Effect.scoped, Effect.provide(world())),
  );

  it.effect("says who holds it in annotations", () =>
    Effect.gen(function* () {
      yield* acquire;
      const held = yield* (yield* FakeCluster).peek(lease);
      assert.deepStrictEqual(held?.metadata.annotations, {
        "tars.io/holder-user": "operator",
        "tars.io/holder-host": "build-1",
        "tars.io/holder-pid": "100",
        "tars.io/holder-process-table": "machine-1",
        "tars.io/holder-started": "at-100",
      });
    }).pipe(Effect.scoped, Effect.provide(world())),
  );

  it.effect("is free for the next run when this one ends", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(acquire);
      yield* Effect.scoped(runAs(HERE)(acquire));
    }).pipe(Effect.provide(world())),
  );

  it.effect("is lost when it could not be renewed for nearly as long as it lasts", () =>
    Effect.gen(function* () {
      const lock = yield* acquire;
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: unreachable, verb: "replace", kind: "Lease" });
      yield* TestClock.adjust("20 seconds");
      yield* lock.check;
      yield* TestClock.adjust("6 seconds");
      const { detail, reason } = yield* Effect.flip(lock.check);
      assert.include(detail, "could not be renewed");
      assert.strictEqual(reason, "Unrenewed");
    }).pipe(Effect.scoped, Effect.provide(world())),
  );

  it.effect("is ours still after an outage that was longer, when it can be renewed", () =>
    Effect.gen(function* () {
      const lock = yield* acquire;
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: unreachable, verb: "replace", kind: "Lease", times: 6 });
      yield* TestClock.adjust("61 seconds");
      yield* lock.check;
      yield* TestClock.adjust("24 seconds");
      yield* lock.check;
    }).pipe(Effect.scoped, Effect.provide(world())),
  );

  it.effect("is ours still when the answer to the first renewal after it was lost", () =>
    Effect.gen(function* () {
      const lock = yield* acquire;
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: unreachable, verb: "replace", kind: "Lease", times: 6 });
      yield* TestClock.adjust("61 seconds");
      yield* cluster.inject({ trouble: answerLost, verb: "replace", kind: "Lease", times: 1 });
      yield* lock.check;
    }).pipe(Effect.scoped, Effect.provide(world())),
  );

  it.effect("is lost when another run took it during an outage", () =>
    Effect.gen(function* () {
      const lock = yield* acquire;
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: unreachable, verb: "replace", kind: "Lease", times: 6 });
      yield* TestClock.adjust("61 seconds");
      const now = yield* Clock.currentTimeMillis;
      yield* cluster.edit(lease, () => heldLease(release, ELSEWHERE, now, now));
      const { detail, reason } = yield* Effect.flip(lock.check);
      assert.include(detail, "laptop");
      assert.strictEqual(reason, "Taken");
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

describe("a lock that somebody holds", () => {
  const left = (renewedAt: number, holder = ELSEWHERE) =>
    Effect.flatMap(FakeCluster, (cluster) =>
      cluster.seed(Lease, heldLease(release, holder, renewedAt, renewedAt), "tare"),
    );

  it.effect.each([
    ["an hour behind", -3_600_000],
    ["right", 0],
    ["an hour ahead", 3_600_000],
  ] as const)(
    "and whose holder died is watched for its duration, when that machine's clock was %s",
    ([, skew]) =>
      Effect.gen(function* () {
        yield* TestClock.adjust("2 hours");
        yield* left((yield* Clock.currentTimeMillis) + skew);
        const news: Array<LockNews> = [];
        const { exit, elapsed } = yield* simulate(Effect.scoped(acquireWith(Duration.zero, news)));
        assert.isTrue(Exit.isSuccess(exit));
        assert.isAtLeast(elapsed, 30_000);
        assert.isAtMost(elapsed, 32_000);
        assert.deepStrictEqual(
          news.map(({ _tag }) => _tag),
          ["Watching", "TakenOver"],
        );
      }).pipe(Effect.provide(world())),
  );

  it.effect.each([
    ["an hour behind", -3_600_000],
    ["an hour ahead", 3_600_000],
  ] as const)("and whose holder lives is not taken, when that machine's clock is %s", ([, skew]) =>
    Effect.gen(function* () {
      yield* TestClock.adjust("2 hours");
      yield* left((yield* Clock.currentTimeMillis) + skew);
      const cluster = yield* FakeCluster;
      const beat = Effect.gen(function* () {
        const at = microTime((yield* Clock.currentTimeMillis) + skew);
        yield* Effect.orDie(
          Effect.mapError(
            cluster.edit(lease, (live) => ({
              ...live,
              spec: { ...(live.spec as object), renewTime: at },
            })),
            ({ detail }) => new Error(detail),
          ),
        );
      });
      const beating = yield* Effect.forkChild(Effect.forever(Effect.delay(beat, "10 seconds")));
      const { exit, elapsed } = yield* simulate(Effect.flip(Effect.scoped(acquire)), "1 minute");
      yield* Fiber.interrupt(beating);
      assert.deepInclude(yield* exit, { _tag: "LockHeld", holder: "operator@laptop, process 7" });
      assert.isAtMost(elapsed, 12_000);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is taken at once when its holder was killed on this machine", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make();
      yield* Scope.provide(runAs(HERE)(acquire), scope);
      yield* (yield* FakeProcesses).end(HERE.pid);
      const news: Array<LockNews> = [];
      const { exit, elapsed } = yield* simulate(
        Effect.scoped(acquireWith(Duration.zero, news)),
        "1 minute",
      );
      assert.isTrue(Exit.isSuccess(exit));
      assert.isAtMost(elapsed, 1_000);
      assert.deepInclude(news[0], { _tag: "TakenOver", proof: "gone" });
      yield* Scope.close(scope, Exit.void);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is waited for with --lock-timeout, and taken when it is given back", () =>
    Effect.gen(function* () {
      const theirs = Effect.scoped(Effect.andThen(runAs(HERE)(acquire), Effect.sleep("2 minutes")));
      yield* Effect.forkChild(theirs);
      yield* TestClock.adjust("1 second");
      const news: Array<LockNews> = [];
      const { exit, elapsed } = yield* simulate(
        Effect.scoped(acquireWith(Duration.minutes(5), news)),
      );
      assert.isTrue(Exit.isSuccess(exit));
      assert.isAtMost(elapsed, 121_000);
      assert.deepInclude(news[0], { _tag: "Waiting" });
    }).pipe(Effect.provide(world())),
  );

  const foreign = (seconds: number) =>
    Effect.flatMap(FakeCluster, (cluster) =>
      cluster.seed(Lease, {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: lease.name, namespace: lease.namespace },
        spec: { holderIdentity: "nobody", leaseDurationSeconds: seconds },
      }),
    );

  it.effect.each([
    ["as long as a living one is, at most", Duration.seconds(5), 5_000, 6_500],
    ["for a minute without a time of ours", Duration.zero, 60_000, 62_000],
  ] as const)(
    "by a Lease that claims to last for 68 years is waited for %s",
    ([, waitAtMost, least, most]) =>
      Effect.gen(function* () {
        yield* foreign(2_147_483_647);
        const news: Array<LockNews> = [];
        const { exit, elapsed } = yield* simulate(
          Effect.flip(Effect.scoped(acquireWith(waitAtMost, news))),
        );
        assert.deepInclude(yield* exit, { _tag: "LockHeld", holder: "nobody", overlong: true });
        assert.isAtLeast(elapsed, least);
        assert.isAtMost(elapsed, most);
        const [first] = news;
        assert.isTrue(first?._tag === "Watching");
        if (first?._tag === "Watching") assert.isAtMost(Duration.toSeconds(first.atMost), 60);
      }).pipe(Effect.provide(world())),
  );

  it.effect.each([0, -1, 1, 60])("and lasts %d s is taken in the end", (seconds) =>
    Effect.gen(function* () {
      yield* foreign(seconds);
      const { exit, elapsed } = yield* simulate(Effect.scoped(acquire));
      assert.isTrue(Exit.isSuccess(exit));
      assert.isAtMost(elapsed, 62_000);
    }).pipe(Effect.provide(world())),
  );

  it.effect("that is lost to others again and again is given up on", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: overtaken, verb: "create", kind: "Lease" });
      const { exit, elapsed } = yield* simulate(Effect.flip(Effect.scoped(acquire)));
      assert.strictEqual((yield* exit)._tag, "LockHeld");
      assert.isAtMost(elapsed, 62_000);
      assert.isAtMost((yield* cluster.requests).length, 2_000);
    }).pipe(Effect.provide(world())),
  );

  it.effect("goes to one of ten that find it free at the same moment", () =>
    Effect.gen(function* () {
      const attempts = Array.from({ length: 10 }, (_, index) =>
        Effect.scoped(
          Effect.andThen(runAs(processOn(200 + index))(acquire), Effect.sleep("1 minute")),
        ),
      );
      const { exit } = yield* simulate(
        Effect.forEach(attempts, (one) => Effect.exit(one), { concurrency: "unbounded" }),
      );
      const ends = yield* exit;
      assert.strictEqual(ends.filter(Exit.isSuccess).length, 1);
    }).pipe(Effect.provide(world())),
  );

  it.effect("can be given up on while it is watched", () =>
    Effect.gen(function* () {
      yield* left(0);
      const waiting = yield* Effect.forkChild(Effect.scoped(Effect.uninterruptible(acquire)));
      yield* TestClock.adjust("5 seconds");
      yield* Fiber.interrupt(waiting);
      const held = yield* (yield* FakeCluster).peek(lease);
      assert.deepInclude(held?.spec, { holderIdentity: "operator@laptop, process 7" });
    }).pipe(Effect.provide(world())),
  );
});
