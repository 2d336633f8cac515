import { assert, describe, it } from "@effect/vitest";
import { Clock, Duration, Effect, Exit, Fiber, Option } from "effect";
import { TestClock } from "effect/testing";
import { DEFAULT_UPGRADE_OPTIONS } from "../../src/domain/run/upgrade-options.ts";
import { upgrade } from "../../src/operations/upgrade.ts";
import {
  dataPlane,
  FakeHelm,
  FakeProcesses,
  FakeSignals,
  gateStates,
  historyLines,
  IDENTITY,
  outboxEvents,
  Recorder,
  runUpgrade,
  SERVER,
  tarsChart,
  world,
  writesOf,
} from "../fakes/index.ts";

/** Interrupts an upgrade after a while and lets it come to its end. */
const interruptedAfter = Effect.fnUntraced(function* (
  millis: number,
  options: Partial<typeof DEFAULT_UPGRADE_OPTIONS> = {},
) {
  const fiber = yield* Effect.forkChild(
    upgrade({ ...DEFAULT_UPGRADE_OPTIONS, ...options }, IDENTITY),
  );
  yield* TestClock.adjust(millis);
  const interruptedAt = yield* Clock.currentTimeMillis;
  const ending = yield* Effect.forkChild(
    Effect.andThen(Fiber.interrupt(fiber), Clock.currentTimeMillis),
  );
  yield* TestClock.adjust("1 hour");
  const endedAt = yield* Fiber.join(ending);
  const exit = yield* Fiber.await(fiber);
  return { exit, took: endedAt - interruptedAt };
});

const errorTag = (exit: Exit.Exit<unknown, { readonly _tag: string }>) =>
  Option.getOrUndefined(Exit.findErrorOption(exit))?._tag;

const slowWorkloads = tarsChart({ version: "1.2.0", imageTag: "slow-300" });

describe("an interruption", () => {
  it.effect.each([0, 100, 300])("after %d ms just stops, for nothing was written yet", (millis) =>
    Effect.gen(function* () {
      const { exit, took } = yield* interruptedAfter(millis);
      assert.isTrue(Exit.hasInterrupts(exit));
      assert.strictEqual(took, 0);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
      assert.deepStrictEqual(yield* outboxEvents, []);
    }).pipe(Effect.provide(world())),
  );

  it.effect("while the CRDs are written stops before Helm, and is told", () =>
    Effect.gen(function* () {
      const { exit } = yield* interruptedAfter(900);
      assert.isTrue(Exit.hasInterrupts(exit));
      assert.deepStrictEqual(yield* historyLines, ["1 deployed Install complete"]);
      const [event] = yield* outboxEvents;
      assert.deepInclude(event, { status: "failed", error_code: "Interrupted" });
    }).pipe(Effect.provide(world())),
  );

  it.effect("during Helm lets Helm's own rollback run to its end", () =>
    Effect.gen(function* () {
      const { exit, took } = yield* interruptedAfter(60_000);
      assert.isTrue(Exit.hasInterrupts(exit));
      assert.isAbove(took, 0);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        '2 failed Upgrade "tars" failed: context canceled',
        "3 deployed Rollback to 1",
      ]);
      assert.strictEqual(yield* dataPlane, "gcr.io/acme/tars/envoy:envoy-1.1.0 2/2");
      const events = yield* outboxEvents;
      assert.strictEqual(events.length, 1);
      assert.deepInclude(events[0], { status: "failed", helm_revision: 2 });
    }).pipe(Effect.provide(world({ chart: slowWorkloads }))),
  );

  it.effect(
    "during Helm with --no-atomic leaves the revision failed, not pending, and says so",
    () =>
      Effect.gen(function* () {
        const { exit } = yield* interruptedAfter(60_000, { atomic: false });
        assert.strictEqual(errorTag(exit), "UpgradeLeftInPlace");
        assert.deepStrictEqual(yield* historyLines, [
          "1 deployed Install complete",
          '2 failed Upgrade "tars" failed: context canceled',
        ]);
      }).pipe(Effect.provide(world({ chart: slowWorkloads }))),
  );

  it.effect("after Helm, while the data plane settles, rolls back and verifies that", () =>
    Effect.gen(function* () {
      const { exit } = yield* interruptedAfter(20_000);
      assert.isTrue(Exit.hasInterrupts(exit));
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 superseded Upgrade complete",
        "3 deployed Rollback to 1",
      ]);
      assert.strictEqual(yield* dataPlane, "gcr.io/acme/tars/envoy:envoy-1.1.0 2/2");
      assert.deepStrictEqual(yield* gateStates, { 2: "failed" });
      const events = yield* outboxEvents;
      assert.strictEqual(events.length, 1);
      assert.deepInclude(events[0], { error_code: "Interrupted", helm_revision: 2 });
    }).pipe(Effect.provide(world())),
  );

  it.effect("after Helm with --no-atomic leaves the new revision, unproven", () =>
    Effect.gen(function* () {
      const { exit } = yield* interruptedAfter(20_000, { atomic: false });
      assert.strictEqual(errorTag(exit), "UpgradeLeftInPlace");
      assert.deepStrictEqual(yield* gateStates, { 2: "failed" });
    }).pipe(Effect.provide(world())),
  );

  it.effect("whose rollback fails is not passed over in silence", () =>
    Effect.gen(function* () {
      const helm = yield* FakeHelm;
      yield* helm.breakStep("pre-rollback hook", "webhook not ready");
      const { exit } = yield* interruptedAfter(60_000);
      assert.strictEqual(errorTag(exit), "RollbackFailed");
    }).pipe(Effect.provide(world({ chart: slowWorkloads }))),
  );

  it.effect("that is repeated is told what still runs and what killing it would cost", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(upgrade(DEFAULT_UPGRADE_OPTIONS, IDENTITY));
      const processes = yield* FakeProcesses;
      const words = ["/usr/bin/helm", "upgrade", "tars", "/chart", "--namespace", "tars-system"];
      yield* TestClock.adjust("1 minute");
      yield* processes.start({ pid: 4712, words, cluster: SERVER });
      const ending = yield* Effect.forkChild(Fiber.interrupt(fiber));
      yield* TestClock.adjust("1 second");
      yield* (yield* FakeSignals).again;
      yield* TestClock.adjust("1 hour");
      yield* Fiber.join(ending);
      const warnings = yield* (yield* Recorder).warnings;
      assert.include(
        warnings.at(-1),
        "still running: helm upgrade, which was told to stop and rolls back first, process 4712. If killed now, the release stays pending",
      );
      assert.strictEqual((yield* historyLines).at(-1), "3 deployed Rollback to 1");
    }).pipe(Effect.provide(world({ chart: slowWorkloads }))),
  );

  it.effect("gives the lock back", () =>
    Effect.gen(function* () {
      yield* interruptedAfter(60_000);
      const { result } = yield* runUpgrade({
        options: { chart: { _tag: "Local", path: "/charts/good" } },
      });
      assert.strictEqual(result?.revision, 4);
    }).pipe(
      Effect.provide(
        world({
          chart: slowWorkloads,
          charts: { "/charts/good": tarsChart({ version: "1.2.1" }) },
        }),
      ),
    ),
  );

  it.effect("does not reach a rollback of ours", () =>
    Effect.gen(function* () {
      // Helm is done after some 15 s, the gate gives up after 3 minutes, and then the rollback runs.
      const { exit } = yield* interruptedAfter(183_000, {
        timeout: Duration.minutes(3),
      });
      assert.isTrue(Exit.isFailure(exit));
      assert.strictEqual((yield* (yield* FakeHelm).invocations).length, 2);
      assert.deepStrictEqual((yield* historyLines).at(-1), "3 deployed Rollback to 1");
    }).pipe(
      Effect.provide(world({ chart: tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }) })),
    ),
  );
});
