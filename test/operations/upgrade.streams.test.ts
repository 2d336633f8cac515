/** The streams of users, as a run counts them, against what became of them. */
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { setPath } from "../../src/domain/kube/json.ts";
import type { KubeObject } from "../../src/domain/kube/objects.ts";
import { cutInAll, type StreamTally } from "../../src/domain/streams/tally.ts";
import {
  FakeStreams,
  forbidden,
  INSTALLED_VALUES,
  outboxEvents,
  Recorder,
  runUpgrade,
  tarsChart,
  world,
} from "../fakes/index.ts";

const EGRESS = { gateway: "egress", namespace: "tars-dataplane" };

const drainOf = (time: string) => setPath(INSTALLED_VALUES, ["shutdown", "drainTimeout"], time);

const outcomes = Effect.gen(function* () {
  return (yield* (yield* Recorder).events).flatMap((event) =>
    event._tag === "StreamsCounted" ? [event.outcome] : [],
  );
});

/** Upgrades under streams that were opened before; returns what the run says of them. */
const tallied = Effect.fnUntraced(function* (
  streams: ReadonlyArray<{ readonly count: number; readonly duration: Duration.Input }>,
) {
  const users = yield* FakeStreams;
  for (const one of streams) yield* users.open({ ...EGRESS, ...one });
  const ended = yield* runUpgrade();
  const [outcome] = yield* outcomes;
  const tally: StreamTally =
    outcome?._tag === "Counted" ? outcome.tally : assert.fail(JSON.stringify(outcome));
  return { ...ended, tally, dropped: (yield* users.dropped).length };
});

describe("streams under an upgrade", () => {
  it.effect("that end before the drain does are waited for, and none is cut", () =>
    Effect.gen(function* () {
      const { tally, dropped } = yield* tallied([{ count: 23, duration: "100 seconds" }]);
      assert.strictEqual(dropped, 0);
      assert.deepStrictEqual(tally, { openAtStart: 23, cut: [], stillOpen: [], uncounted: 0 });
    }).pipe(Effect.provide(world())),
  );

  it.effect("that outlive the drain of the running proxies are counted as cut, by pod", () =>
    Effect.gen(function* () {
      const { tally, dropped } = yield* tallied([
        { count: 4, duration: "5 seconds" },
        { count: 9, duration: "10 minutes" },
      ]);
      assert.strictEqual(dropped, 9);
      assert.strictEqual(tally.openAtStart, 13);
      assert.strictEqual(cutInAll(tally), 9);
      const [event] = yield* outboxEvents;
      assert.strictEqual(event?.streams?.open_at_start, 13);
      assert.strictEqual(event?.streams?.cut, 9);
      assert.deepStrictEqual(
        event?.streams?.cut_of,
        [...tally.cut]
          .sort((left, right) => right.streams - left.streams)
          .map(({ pod, streams, by }) => ({ pod, streams, by })),
      );
      assert.deepStrictEqual(tally.stillOpen, []);
      assert.deepStrictEqual(
        tally.cut.map(({ drainSeconds }) => drainSeconds),
        [12, 12],
      );
    }).pipe(Effect.provide(world({ values: drainOf("12s") }))),
  );

  it.effect("that go with a listener which the upgrade changes are counted as cut", () =>
    Effect.gen(function* () {
      const users = yield* FakeStreams;
      yield* Effect.forkChild(users.replaceListeners("20 seconds"));
      const { tally, dropped } = yield* tallied([{ count: 8, duration: "10 minutes" }]);
      assert.strictEqual(dropped, 8);
      assert.deepStrictEqual(
        tally.cut.map(({ by, streams }) => [by, streams]),
        [
          ["listener", 4],
          ["listener", 4],
        ],
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("of a rollback are counted too", () =>
    Effect.gen(function* () {
      const { error, tally, dropped } = yield* tallied([{ count: 6, duration: "10 minutes" }]);
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.strictEqual(dropped, 0);
      assert.deepStrictEqual(tally, { openAtStart: 6, cut: [], stillOpen: [], uncounted: 0 });
    }).pipe(
      Effect.provide(world({ chart: tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }) })),
    ),
  );

  it.effect("do not wait for a proxy that never started, which ends when its drain is over", () =>
    Effect.gen(function* () {
      const { error, elapsed } = yield* tallied([{ count: 2, duration: "10 minutes" }]);
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      // Its hook cannot ask an Envoy that does not run, and waits for all of its five minutes.
      assert.isBelow(elapsed, Duration.toMillis(Duration.minutes(3)));
    }).pipe(
      Effect.provide(world({ chart: tarsChart({ version: "1.2.0", envoyTag: "no-such-image" }) })),
    ),
  );

  it.effect("are told of while old proxies drain", () =>
    Effect.gen(function* () {
      yield* tallied([{ count: 2, duration: "1 minute" }]);
      const counts = (yield* (yield* Recorder).events).flatMap((event) =>
        event._tag === "StreamsProgress" ? [event.draining.map(({ streams }) => streams)] : [],
      );
      assert.deepInclude(counts, [1, 1]);
      assert.deepStrictEqual(counts.at(-1), []);
    }).pipe(Effect.provide(world())),
  );

  it.effect("that cannot be counted are no failure, and it is said once", () =>
    Effect.gen(function* () {
      const users = yield* FakeStreams;
      yield* users.open({ ...EGRESS, count: 2, duration: "1 minute" });
      const { error } = yield* runUpgrade();
      assert.isUndefined(error);
      const [outcome, ...more] = yield* outcomes;
      assert.lengthOf(more, 0);
      assert.strictEqual(outcome?._tag, "NotCounted");
      assert.deepStrictEqual(yield* (yield* Recorder).warnings, []);
    }).pipe(Effect.provide(world({ faults: [{ verb: "proxy", trouble: forbidden }] }))),
  );
});

describe("a proxy that never gets its certificate", () => {
  const isNew = (pod: KubeObject) => JSON.stringify(pod.spec).includes("envoy:envoy-1.2.0");

  it.effect("is ready, and fails the upgrade with that cause", () =>
    Effect.gen(function* () {
      yield* (yield* FakeStreams).withhold(isNew);
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.match(
        error?.why.join("; ") ?? "",
        /^pod tars-dataplane\/egress-\S+ is ready but never got TLS secret tars-dataplane\/egress-certificate: /,
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("again, when its listener is replaced, fails it too, though the proxy stays", () =>
    Effect.gen(function* () {
      const users = yield* FakeStreams;
      const run = yield* Effect.forkChild(runUpgrade());
      yield* TestClock.adjust("4 seconds");
      yield* users.withhold(() => true, "lost");
      const { error } = yield* Fiber.join(run);
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.include(
        error?.why.join("; ") ?? "",
        "is ready but did not get TLS secret tars-dataplane/egress-certificate again: ",
      );
    }).pipe(Effect.provide(world({ installed: tarsChart({ version: "1.2.0" }) }))),
  );

  it.effect("is none of the upgrade's doing when it did not get it before", () =>
    Effect.gen(function* () {
      yield* (yield* FakeStreams).withhold(() => true);
      assert.isUndefined((yield* runUpgrade()).error);
    }).pipe(Effect.provide(world())),
  );

  it.effect("fails nothing while it ends", () =>
    Effect.gen(function* () {
      const users = yield* FakeStreams;
      yield* users.open({ ...EGRESS, count: 4, duration: "2 minutes" });
      yield* users.withhold(({ metadata }) => metadata.deletionTimestamp !== undefined);
      assert.isUndefined((yield* runUpgrade()).error);
    }).pipe(Effect.provide(world())),
  );
});
