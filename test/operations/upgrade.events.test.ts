/** What an upgrade tells others: the deployment history, and never a secret. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { eventIdsOf } from "../../src/domain/events/reconcile.ts";
import { ConfigMap } from "../../src/domain/kube/objects.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { ReleaseRecords } from "../../src/services/release/ReleaseRecords.ts";
import {
  FakeCluster,
  FakeHelm,
  type Fault,
  forbidden,
  hang,
  hintsOf,
  INSTALLED_VALUES,
  outboxEvents,
  PRIVATE_KEY,
  Recorder,
  restoreRecords,
  runUpgrade,
  slow,
  tarsChart,
  unreachable,
  world,
} from "../fakes/index.ts";

const outboxFault = (trouble: Fault["trouble"]): Fault => ({
  trouble,
  actor: "tare",
  kind: "ConfigMap",
  name: /^tare-event-/,
});

const badWorkloads = tarsChart({ version: "1.2.0", imageTag: "never-ready" });

describe("an outbox in trouble", () => {
  const notTold = /^could not record this upgrade in the deployment history: /;

  it.effect.each([
    ["down", unreachable],
    ["forbidden", forbidden],
  ] as const)("that is %s costs a warning and nothing else", ([, trouble]) =>
    Effect.gen(function* () {
      const { result, elapsed } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      assert.strictEqual(elapsed, 29_100);
      const warnings = yield* (yield* Recorder).warnings;
      assert.strictEqual(warnings.length, 1);
      assert.match(warnings[0] ?? "", notTold);
    }).pipe(Effect.provide(world({ faults: [outboxFault(trouble)] }))),
  );

  it.effect("that hangs costs its budget", () =>
    Effect.gen(function* () {
      const { result, elapsed } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      // What is read before the write is within the budget.
      assert.strictEqual(elapsed, 28_900 + 10_000);
      assert.match((yield* (yield* Recorder).warnings)[0] ?? "", notTold);
    }).pipe(Effect.provide(world({ faults: [outboxFault(hang)] }))),
  );

  it.effect("that is slow is waited for", () =>
    Effect.gen(function* () {
      const { elapsed } = yield* runUpgrade();
      assert.strictEqual(elapsed, 29_100 + 9_000);
      assert.strictEqual((yield* outboxEvents).length, 1);
      assert.deepStrictEqual(yield* (yield* Recorder).warnings, []);
    }).pipe(Effect.provide(world({ faults: [outboxFault(slow("9 seconds"))] }))),
  );

  it.effect("never hides how the upgrade failed", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
    }).pipe(Effect.provide(world({ chart: badWorkloads, faults: [outboxFault(hang)] }))),
  );
});

describe("an event", () => {
  const told = Effect.map(outboxEvents, ([event]) => event?.event_id ?? "");
  const known = Effect.gen(function* () {
    const records = yield* ReleaseRecords;
    return eventIdsOf(DEFAULT_RELEASE, yield* records.revisions(DEFAULT_RELEASE));
  });

  it.effect(
    "keeps its id when Helm's records are restored, and loses it with a reinstallation",
    () =>
      Effect.gen(function* () {
        const first = yield* Effect.gen(function* () {
          yield* runUpgrade();
          const id = yield* told;
          assert.strictEqual((yield* known).get(id), 2);
          yield* restoreRecords;
          assert.strictEqual((yield* known).get(id), 2);
          return id;
        }).pipe(Effect.provide(world(), { local: true }));
        const again = runUpgrade().pipe(Effect.andThen(known));
        const reinstalled = yield* again.pipe(Effect.provide(world(), { local: true }));
        assert.isFalse(reinstalled.has(first));
      }),
  );

  it.effect("without a revision takes its id from the run", () =>
    Effect.gen(function* () {
      const helm = yield* FakeHelm;
      yield* helm.breakStep("render", "boom", 2);
      yield* runUpgrade();
      yield* runUpgrade();
      const ids = (yield* outboxEvents).map(({ event_id }) => event_id);
      assert.strictEqual(new Set(ids).size, 2);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is not written by a run that never got to its attempt", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      assert.deepStrictEqual(yield* outboxEvents, []);
    }).pipe(Effect.provide(world({ values: { ...INSTALLED_VALUES, ha: { enabled: false } } }))),
  );

  it.effect("has a summary of at most a kibibyte on one line", () =>
    Effect.gen(function* () {
      const helm = yield* FakeHelm;
      yield* helm.breakStep("pre-upgrade hook", "ä\n".repeat(4_000));
      yield* runUpgrade();
      const [event] = yield* outboxEvents;
      const summary = event?.error_summary ?? "";
      assert.isAtMost(Buffer.byteLength(summary), 1_024);
      assert.isAbove(Buffer.byteLength(summary), 1_000);
      assert.notMatch(summary, /[\n\uFFFD]/);
    }).pipe(Effect.provide(world())),
  );
});

describe("secrets", () => {
  const HEADER = "x-api-key=0a1b2c3d4e5f60718293";
  const values = {
    ...INSTALLED_VALUES,
    otelCollector: {
      enabled: true,
      exporters: { otlp: { endpoint: "otel:4317", headers: { Authorization: HEADER } } },
    },
    redis: { password: "hunter2-hunter2" },
  };
  const quoted = `template: tars/otel.yaml:7: cannot use ${JSON.stringify(HEADER)} here\n${PRIVATE_KEY}`;

  /** Whatever a run said or left for others to read. */
  const traces = Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    const { events } = yield* Recorder;
    const { invocations } = yield* FakeHelm;
    return JSON.stringify([
      yield* events,
      yield* cluster.all(ConfigMap),
      yield* cluster.requests,
      (yield* invocations).map(({ args }) => args),
    ]);
  });

  const assertSilent = Effect.fnUntraced(function* (run: ReturnType<typeof runUpgrade>) {
    const { error } = yield* run;
    const told = [
      yield* traces,
      JSON.stringify(error ?? null),
      JSON.stringify(hintsOf(error) ?? null),
      error?.message ?? "",
    ].join("\n");
    for (const secret of [HEADER, "hunter2-hunter2", ...PRIVATE_KEY.split("\n").slice(1, -2)]) {
      assert.isFalse(told.includes(secret));
    }
    return error;
  });

  it.effect("are kept by an upgrade that works", () =>
    assertSilent(runUpgrade()).pipe(Effect.provide(world({ values }))),
  );

  it.effect("are kept when Helm quotes them", () =>
    Effect.gen(function* () {
      yield* (yield* FakeHelm).breakStep("render", quoted);
      const error = yield* assertSilent(runUpgrade());
      assert.strictEqual(error?._tag, "UpgradeNotStarted");
    }).pipe(Effect.provide(world({ values }))),
  );

  it.effect("are kept when Helm quotes them while it rolls back", () =>
    Effect.gen(function* () {
      yield* (yield* FakeHelm).breakStep("pre-rollback hook", quoted);
      const error = yield* assertSilent(runUpgrade());
      assert.strictEqual(error?._tag, "RollbackFailed");
    }).pipe(Effect.provide(world({ values, chart: badWorkloads }))),
  );
});
