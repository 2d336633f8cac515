import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Exit, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { AdmissionPolicyBinding } from "../../src/domain/hold/objects.ts";
import { ConfigMap, Job, Pod, stringAt } from "../../src/domain/kube/objects.ts";
import { DEFAULT_UPGRADE_OPTIONS } from "../../src/domain/run/upgrade-options.ts";
import { cutInAll } from "../../src/domain/streams/tally.ts";
import { upgrade } from "../../src/operations/upgrade.ts";
import { warningText } from "../../src/render/warnings/warning.ts";
import {
  FakeCluster,
  FakeEnvoyGateway,
  FakeStreams,
  IDENTITY,
  outboxEvents,
  overtaken,
  Recorder,
  runUpgrade,
  type Scenario,
  TARS_EGRESS,
  tarsChart,
  world,
} from "../fakes/index.ts";

/** Proxies that run with a shorter drain than is asked for. The running ones have 300 s here. */

const LONGER = { drainTimeout: Duration.seconds(600), timeout: Duration.minutes(30) };

const openStreams = (duration: Duration.Input, count = 20) =>
  Effect.flatMap(FakeStreams, (streams) =>
    streams.open({ gateway: "egress", namespace: "tars-dataplane", duration, count }),
  );

const dropped = Effect.flatMap(FakeStreams, (streams) =>
  Effect.map(streams.dropped, (lost) => lost.length),
);

const drainOfProxy = Effect.map(
  Effect.flatMap(FakeCluster, (cluster) => cluster.peek(TARS_EGRESS)),
  (proxy) => stringAt(proxy, "spec", "shutdown", "drainTimeout"),
);

const isOfHold = ({ metadata }: { readonly metadata: { readonly name: string } }) =>
  /^tare-(?:hold|keep)/.test(metadata.name);

/** Everything that a hold makes in the cluster, but for the policy, which refuses nothing without its guard. */
const leftovers = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const all = yield* Effect.forEach([Job, ConfigMap], (type) => cluster.all(type));
  const pods = yield* cluster.all(Pod, "tars-dataplane");
  return [
    ...all.flat().filter(isOfHold),
    ...pods.filter(({ metadata }) => metadata.labels?.["tars.io/held"] !== undefined),
  ].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
});

const story = Effect.flatMap(Recorder, ({ timeline }) =>
  Effect.map(timeline, (told) =>
    told.flatMap(({ event }) => {
      switch (event._tag) {
        case "ProxiesHeld":
        case "DrainLengthened":
        case "HelmUpgradeStarted":
          return [event._tag];
        case "ProxyMoved":
          return [`ProxyMoved ${event.to}`];
        case "ProxyLetGo":
          return [`ProxyLetGo ${event.why}`];
        default:
          return [];
      }
    }),
  ),
);

const warnings = Effect.flatMap(Recorder, ({ timeline }) =>
  Effect.map(timeline, (told) =>
    told.flatMap(({ event }) => (event._tag === "Warning" ? [warningText(event.warning)] : [])),
  ),
);

/** Fails on any end but success, defects included. */
const upgraded = Effect.fnUntraced(function* (options: Parameters<typeof runUpgrade>[0] = {}) {
  const { exit } = yield* runUpgrade(options);
  assert.isTrue(Exit.isSuccess(exit), JSON.stringify(exit));
});

const counted = Effect.flatMap(Recorder, ({ events }) =>
  Effect.map(events, (told) =>
    told.flatMap((event) =>
      event._tag === "StreamsCounted" && event.outcome._tag === "Counted"
        ? [`${event.outcome.tally.openAtStart} open, ${cutInAll(event.outcome.tally)} cut`]
        : [],
    ),
  ),
);

const inWorld =
  (scenario: Scenario = {}) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provide(effect, world(scenario));

describe("proxies that drain for less than was asked for", () => {
  it.effect("keep every stream that ends within the time that was asked for", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* openStreams("450 seconds"), 20);
      yield* upgraded({ options: LONGER });
      assert.strictEqual(yield* dropped, 0);
      assert.deepStrictEqual(yield* story, [
        "ProxiesHeld",
        "DrainLengthened",
        "ProxyMoved out-of-rotation",
        "ProxyMoved out-of-rotation",
        "ProxyLetGo streams-ended",
        "ProxyLetGo streams-ended",
        "HelmUpgradeStarted",
      ]);
      assert.strictEqual(yield* drainOfProxy, "600s");
      assert.deepStrictEqual(yield* leftovers, []);
      assert.deepStrictEqual(yield* counted, ["20 open, 0 cut"]);
    }).pipe(inWorld()),
  );

  it.effect("let go of longer streams when the time is over, and say how many", () =>
    Effect.gen(function* () {
      yield* openStreams("2 hours", 1);
      yield* upgraded({ options: LONGER });
      assert.strictEqual(yield* dropped, 1);
      assert.include(yield* story, "ProxyLetGo time-over");
      assert.deepStrictEqual(yield* leftovers, []);
    }).pipe(inWorld()),
  );

  it.effect("take no new streams once they are out of rotation", () =>
    Effect.gen(function* () {
      yield* openStreams("450 seconds");
      const cluster = yield* FakeCluster;
      const before = new Set(
        (yield* cluster.all(Pod, "tars-dataplane")).map(({ metadata }) => metadata.name),
      );
      const run = yield* Effect.forkChild(runUpgrade({ options: LONGER }));
      yield* TestClock.adjust("200 seconds");
      const streams = yield* FakeStreams;
      const known = (yield* streams.all).length;
      yield* openStreams("10 seconds", 6);
      const fresh = (yield* streams.all).slice(known);
      assert.strictEqual(fresh.length, 6);
      assert.isFalse(fresh.some(({ pod }) => before.has(pod)));
      yield* Fiber.join(run);
      assert.strictEqual(yield* dropped, 0);
    }).pipe(inWorld()),
  );

  it.effect("are not touched when they drain for long enough", () =>
    Effect.gen(function* () {
      yield* openStreams("250 seconds");
      yield* upgraded();
      assert.deepStrictEqual(yield* story, ["HelmUpgradeStarted"]);
      assert.strictEqual(yield* dropped, 0);
    }).pipe(inWorld()),
  );

  it.effect(
    "are told of with numbers before the first write when the account cannot hold them",
    () =>
      Effect.gen(function* () {
        yield* openStreams("450 seconds", 7);
        const { error } = yield* runUpgrade({ options: LONGER });
        assert.isUndefined(error);
        assert.include(
          (yield* warnings).join("\n"),
          "the running proxies drain for at most 5m; 7 streams are open; longer ones will be cut: this account is not allowed to hold them (it cannot list, create, patch, delete jobs.batch in namespace tars-dataplane)",
        );
      }).pipe(inWorld({ may: ({ resource }) => resource !== "jobs" })),
  );

  it.effect.each([2, 8])("are replaced all at once, be they two or eight: %d", (minReplicas) =>
    Effect.gen(function* () {
      yield* openStreams("100 seconds");
      yield* upgraded({ options: LONGER });
      const since = (from: string, to: string) =>
        Effect.map(
          Effect.flatMap(Recorder, ({ timeline }) => timeline),
          (told) => {
            const at = (tag: string) =>
              told.find(({ event }) => event._tag === tag)?.at ?? Number.NaN;
            return Math.round((at(to) - at(from)) / 1_000);
          },
        );
      assert.isBelow(yield* since("DrainLengthened", "HelmUpgradeStarted"), 120);
      assert.strictEqual(yield* dropped, 0);
    }).pipe(
      inWorld({
        values: { ha: { minReplicas } },
        installed: tarsChart({ version: "1.1.0", envoyTag: "slow-30" }),
      }),
    ),
  );

  it.effect("are held though the kubelet writes to them at the same time", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* openStreams("450 seconds");
      yield* cluster.inject({
        actor: "tare",
        verb: "replace",
        kind: "Pod",
        trouble: overtaken,
        times: 3,
      });
      yield* upgraded({ options: LONGER });
      assert.strictEqual(yield* dropped, 0);
      assert.notInclude((yield* warnings).join("\n"), "could not hold");
      assert.deepStrictEqual(yield* leftovers, []);
    }).pipe(inWorld()),
  );

  it.effect.each(["configmaps", "envoyproxies"])(
    "are not touched by an account that lacks a right to %s, and told of once",
    (resource) =>
      Effect.gen(function* () {
        yield* openStreams("450 seconds", 7);
        yield* upgraded({ options: LONGER });
        assert.deepStrictEqual(yield* story, ["HelmUpgradeStarted"]);
        const told = (yield* warnings).filter((warning) => warning.includes("will be cut"));
        assert.lengthOf(told, 1);
        assert.strictEqual(yield* dropped, 7);
        assert.deepStrictEqual(yield* counted, ["7 open, 7 cut"]);
        const [event] = yield* outboxEvents;
        assert.deepStrictEqual(
          event?.streams?.cut_of?.map(({ streams, by }) => [streams, by]),
          [
            [4, "proxy"],
            [3, "proxy"],
          ],
        );
      }).pipe(
        inWorld({
          may: (access) =>
            !(access.resource === resource && ["update", "delete"].includes(access.verb)),
        }),
      ),
  );

  it.effect("are left as they are when the policy does not come into force", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.inject({
        verb: "apply",
        kind: AdmissionPolicyBinding.kind,
        trouble: { _tag: "Fail", reason: "Forbidden", detail: "not for you", afterwards: false },
      });
      yield* upgraded({ options: LONGER });
      assert.include((yield* warnings).join("\n"), "could not hold the running proxies: ");
      assert.deepStrictEqual(yield* leftovers, []);
    }).pipe(inWorld()),
  );

  it.effect(
    "are back in rotation when their successors do not come up, and the upgrade goes on",
    () =>
      Effect.gen(function* () {
        yield* openStreams("200 seconds");
        const { error } = yield* runUpgrade({
          options: { ...LONGER, timeout: Duration.minutes(2) },
        });
        assert.isUndefined(error);
        assert.include((yield* warnings).join("\n"), "the proxies did not take the drain of 10m: ");
        assert.strictEqual(yield* dropped, 0);
        assert.deepStrictEqual(yield* leftovers, []);
      }).pipe(inWorld({ installed: tarsChart({ version: "1.1.0", envoyTag: "slow-300" }) })),
  );

  it.effect("are not waited for when their successors do not come up", () =>
    Effect.gen(function* () {
      yield* openStreams("200 seconds");
      const { error } = yield* runUpgrade({ options: LONGER });
      assert.isUndefined(error);
      const toldAt = (tag: string) =>
        Effect.map(
          Effect.flatMap(Recorder, ({ timeline }) => timeline),
          (told) => told.flatMap(({ event, at }) => (event._tag === tag ? [at] : [])),
        );
      const [lengthened = 0] = yield* toldAt("DrainLengthened");
      const [helm = Number.POSITIVE_INFINITY] = yield* toldAt("HelmUpgradeStarted");
      assert.isBelow(helm - lengthened, 6 * 60_000);
      assert.include(
        (yield* warnings).join("\n"),
        "; they go on with their own, and drain for at most 5m; 20 streams are open; longer ones will be cut",
      );
      assert.strictEqual(yield* dropped, 0);
      assert.deepStrictEqual(yield* leftovers, []);
    }).pipe(inWorld({ installed: tarsChart({ version: "1.1.0", envoyTag: "slow-3000" }) })),
  );

  it.effect.each([
    [8, "300s"],
    [60, "600s"],
  ] as const)(
    "lose no stream to an interruption after %d s, and drain for %s then",
    ([seconds, drain]) =>
      Effect.gen(function* () {
        yield* openStreams("4 minutes");
        const run = yield* Effect.forkChild(
          upgrade({ ...DEFAULT_UPGRADE_OPTIONS, ...LONGER }, IDENTITY),
        );
        yield* TestClock.adjust(Duration.seconds(seconds));
        assert.include(yield* story, "DrainLengthened");
        const ending = yield* Effect.forkChild(Fiber.interrupt(run));
        yield* TestClock.adjust("20 minutes");
        yield* Fiber.join(ending);
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(run)));
        assert.strictEqual(yield* drainOfProxy, drain);
        assert.notInclude(yield* story, "HelmUpgradeStarted");
        assert.strictEqual(yield* dropped, 0);
        assert.deepStrictEqual(yield* leftovers, []);
      }).pipe(inWorld()),
  );

  it.effect("lose no stream to an interruption that the controller is slow to follow", () =>
    Effect.gen(function* () {
      const controller = yield* FakeEnvoyGateway;
      yield* openStreams("50 seconds");
      const run = yield* Effect.forkChild(
        upgrade({ ...DEFAULT_UPGRADE_OPTIONS, ...LONGER }, IDENTITY),
      );
      yield* TestClock.adjust("6 seconds");
      assert.include(yield* story, "DrainLengthened");
      yield* controller.setAwake(false);
      const ending = yield* Effect.forkChild(Fiber.interrupt(run));
      yield* TestClock.adjust("10 seconds");
      yield* controller.setAwake(true);
      yield* controller.reconcile;
      yield* TestClock.adjust("20 minutes");
      yield* Fiber.join(ending);
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(run)));
      assert.strictEqual(yield* drainOfProxy, "20s");
      assert.strictEqual(yield* dropped, 0);
      assert.deepStrictEqual(yield* leftovers, []);
    }).pipe(inWorld({ values: { shutdown: { drainTimeout: "20s" } } })),
  );
});
