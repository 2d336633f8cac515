import { assert, describe, it } from "@effect/vitest";
import { Effect, Ref } from "effect";
import { Secret, stringAt } from "../../../src/domain/kube/objects.ts";
import { DEFAULT_UPGRADE_OPTIONS } from "../../../src/domain/run/upgrade-options.ts";
import { helmUpgrade } from "../../../src/phases/helm/helm-upgrade.ts";
import { discover } from "../../../src/phases/release/discover.ts";
import { readRelease } from "../../../src/phases/release/read-release.ts";
import type { FollowedStreams } from "../../../src/phases/streams/follow.ts";
import { ChartSource } from "../../../src/services/chart/ChartSource.ts";
import { type HeldLock, LockLost } from "../../../src/services/lock/ReleaseLock.ts";
import {
  FakeCluster,
  FakeHelm,
  gateStates,
  historyLines,
  IDENTITY,
  PRIVATE_KEY,
  simulate,
  tarsChart,
  withRevisionStatus,
  world,
  writesOf,
} from "../../fakes/index.ts";

const FREE: HeldLock = { check: Effect.void };
const NO_STREAMS: FollowedStreams = {
  outcome: Effect.succeed(undefined),
  open: Effect.succeed(undefined),
  busy: Effect.succeed(false),
  letGo: () => Effect.void,
  drained: () => Effect.void,
};
const options = DEFAULT_UPGRADE_OPTIONS;

const installed = Effect.gen(function* () {
  const [facts, charts] = yield* Effect.all([readRelease(options.release), ChartSource]);
  return yield* discover.run({
    options,
    identity: IDENTITY,
    facts: Effect.succeed(facts),
    chart: Effect.scoped(charts.resolve(options.chart)),
  });
});

/** Discovers, lets something happen, then upgrades. */
const upgradedAfter = Effect.fnUntraced(function* <E, R>(
  meanwhile: Effect.Effect<unknown, E, R>,
  lock: HeldLock = FREE,
) {
  const release = yield* installed;
  yield* Effect.orDie(meanwhile);
  return yield* Effect.flip(
    helmUpgrade.run({
      options,
      identity: IDENTITY,
      installed: release,
      lock,
      streams: NO_STREAMS,
      takeBack: [],
      prior: undefined,
    }),
  );
});

const RECORD = { type: Secret, name: "sh.helm.release.v1.tars.v1", namespace: "tars-system" };

const assertNothingWritten = Effect.gen(function* () {
  assert.deepStrictEqual(yield* writesOf("tare"), []);
  assert.deepStrictEqual(yield* writesOf("helm"), []);
  assert.deepStrictEqual(yield* (yield* FakeHelm).invocations, []);
});

describe("the release, right before the first write", () => {
  it.effect("may be gone: it is not installed afresh", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const { exit } = yield* simulate(upgradedAfter(cluster.remove(RECORD)));
      const error = yield* exit;
      assert.strictEqual(error._tag, "ReleaseVanished");
      assert.strictEqual(error.exitCode, 11);
      yield* assertNothingWritten;
    }).pipe(Effect.provide(world())),
  );

  it.effect("may be busy with somebody else's operation", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const { exit } = yield* simulate(
        upgradedAfter(cluster.edit(RECORD, withRevisionStatus("pending-upgrade"))),
      );
      const error = yield* exit;
      assert.strictEqual(error._tag, "OperationInProgress");
      yield* assertNothingWritten;
    }).pipe(Effect.provide(world())),
  );

  it.effect("may have been changed by somebody else", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const { exit } = yield* simulate(
        upgradedAfter(cluster.edit(RECORD, withRevisionStatus("failed"))),
      );
      const error = yield* exit;
      assert.strictEqual(error._tag, "RunSuperseded");
      yield* assertNothingWritten;
    }).pipe(Effect.provide(world())),
  );

  it.effect("may belong to another run that took the lock", () =>
    Effect.gen(function* () {
      const lost: HeldLock = {
        check: Effect.fail(new LockLost({ detail: "taken by another", reason: "Taken" })),
      };
      const { exit } = yield* simulate(upgradedAfter(Effect.void, lost));
      const error = yield* exit;
      assert.strictEqual(error._tag, "RunSuperseded");
      assert.strictEqual(error.exitCode, 13);
      yield* assertNothingWritten;
    }).pipe(Effect.provide(world())),
  );
});

describe("a release that vanishes after the last look", () => {
  it.effect("is reported as gone although Helm installed it afresh", () =>
    Effect.gen(function* () {
      const [cluster, helm] = yield* Effect.all([FakeCluster, FakeHelm]);
      yield* helm.beforeUpgrade(cluster.remove(RECORD));
      const { exit } = yield* simulate(upgradedAfter(Effect.void));
      const error = yield* exit;
      assert.strictEqual(error._tag, "ReleaseVanished");
      assert.deepStrictEqual(yield* historyLines, ["1 deployed Install complete"]);
    }).pipe(Effect.provide(world())),
  );
});

it.effect("a lock that is lost right before Helm starts keeps it from starting", () =>
  Effect.gen(function* () {
    const asked = yield* Ref.make(0);
    const lock: HeldLock = {
      check: Effect.flatMap(
        Ref.updateAndGet(asked, (n) => n + 1),
        (n) =>
          n === 1
            ? Effect.void
            : Effect.fail(new LockLost({ detail: "taken by another", reason: "Taken" })),
      ),
    };
    const { exit } = yield* simulate(upgradedAfter(Effect.void, lock));
    assert.strictEqual((yield* exit)._tag, "RunSuperseded");
    assert.deepStrictEqual(yield* (yield* FakeHelm).invocations, []);
    assert.deepStrictEqual(yield* gateStates, {});
  }).pipe(Effect.provide(world())),
);

it.effect(
  "a lock that could not be renewed for a while is asked about before a rollback is given up",
  () =>
    Effect.gen(function* () {
      const asked = yield* Ref.make(0);
      const lock: HeldLock = {
        check: Effect.flatMap(
          Ref.updateAndGet(asked, (n) => n + 1),
          (n) =>
            n <= 2 || n > 10
              ? Effect.void
              : Effect.fail(new LockLost({ detail: "no answer", reason: "Unrenewed" })),
        ),
      };
      const { exit } = yield* simulate(upgradedAfter(Effect.void, lock));
      assert.strictEqual((yield* exit)._tag, "UpgradeRolledBack");
    }).pipe(
      Effect.provide(world({ chart: tarsChart({ version: "1.2.0", envoyTag: "never-ready" }) })),
    ),
);

it.effect("a lock that is lost while the data plane is waited for keeps us from rolling back", () =>
  Effect.gen(function* () {
    const asked = yield* Ref.make(0);
    const lock: HeldLock = {
      check: Effect.flatMap(
        Ref.updateAndGet(asked, (n) => n + 1),
        (n) =>
          n <= 2
            ? Effect.void
            : Effect.fail(new LockLost({ detail: "taken by another", reason: "Taken" })),
      ),
    };
    const { exit } = yield* simulate(upgradedAfter(Effect.void, lock));
    const error = yield* exit;
    assert.strictEqual(error._tag, "RollbackFailed");
    assert.strictEqual((yield* (yield* FakeHelm).invocations).length, 1);
  }).pipe(
    Effect.provide(world({ chart: tarsChart({ version: "1.2.0", envoyTag: "never-ready" }) })),
  ),
);

it.effect("the identity reaches the cluster as a Secret and never Helm", () =>
  Effect.gen(function* () {
    const release = yield* Effect.flatMap(simulate(installed), ({ exit }) => exit);
    yield* simulate(
      helmUpgrade.run({
        options,
        identity: IDENTITY,
        installed: release,
        lock: FREE,
        streams: NO_STREAMS,
        takeBack: [],
        prior: undefined,
      }),
    );
    const cluster = yield* FakeCluster;
    const secret = yield* cluster.peek({
      type: Secret,
      name: "tars-identity",
      namespace: "tars-system",
    });
    const text = Buffer.from(stringAt(secret, "data", "identity.json") ?? "", "base64").toString();
    assert.strictEqual(JSON.parse(text).privateKey, PRIVATE_KEY);
    const [invocation] = yield* (yield* FakeHelm).invocations;
    assert.isFalse(JSON.stringify(invocation).includes(PRIVATE_KEY.split("\n")[1] ?? "?"));
  }).pipe(Effect.provide(world())),
);
