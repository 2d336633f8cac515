/** What must hold however an upgrade goes. */
import { assert, it } from "@effect/vitest";
import { Duration, Effect, Schema } from "effect";
import {
  dataPlane,
  FakeHelm,
  type Fault,
  gateStates,
  HELM_3,
  HELM_4,
  hang,
  historyLines,
  outboxEvents,
  runUpgrade,
  slow,
  tarsChart,
  unreachable,
  world,
} from "../fakes/index.ts";

const Tag = Schema.Literals(["1.2.0", "never-ready", "slow-30", "slow-400"]);

const Story = Schema.Struct({
  helm: Schema.Literals([HELM_3, HELM_4]),
  workloads: Tag,
  envoy: Tag,
  atomic: Schema.Boolean,
  broken: Schema.Literals(["nothing", "render", "pre-upgrade hook", "pre-rollback hook"]),
  outbox: Schema.Literals(["up", "down", "hanging", "slow"]),
  /** The API server is away for one request of tare's, this many after its first. */
  outageAt: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 80 })),
});
type Story = typeof Story.Type;

const OUTBOX_TROUBLE = { down: unreachable, hanging: hang, slow: slow("4 seconds") };

const faultsOf = ({ outbox, outageAt }: Story): ReadonlyArray<Fault> => [
  ...(outbox === "up"
    ? []
    : [{ trouble: OUTBOX_TROUBLE[outbox], actor: "tare", name: /^tare-event-/ }]),
  { trouble: unreachable, actor: "tare", skip: outageAt, times: 1 },
];

const told = (story: Story, faults: ReadonlyArray<Fault>) =>
  Effect.gen(function* () {
    if (story.broken !== "nothing") yield* (yield* FakeHelm).breakStep(story.broken, "broken");
    const run = yield* runUpgrade({
      options: { atomic: story.atomic, timeout: Duration.minutes(10) },
    });
    return {
      ...run,
      history: yield* historyLines,
      events: yield* outboxEvents,
      gates: yield* gateStates,
      dataPlane: yield* dataPlane,
    };
  }).pipe(
    Effect.provide(
      world({
        helm: story.helm,
        chart: tarsChart({ version: "1.2.0", imageTag: story.workloads, envoyTag: story.envoy }),
        faults,
      }),
      { local: true },
    ),
  );

it.effect.prop(
  "the result is true, the history is told once, and a bad outbox changes nothing",
  [Story],
  ([story]) =>
    Effect.gen(function* () {
      const { result, error, elapsed, history, events, gates, dataPlane } = yield* told(
        story,
        faultsOf(story),
      );
      const head = history.at(-1) ?? "";

      if (result !== undefined) {
        assert.strictEqual(head, `${result.revision} deployed Upgrade complete`);
        assert.strictEqual(dataPlane, `gcr.io/acme/tars/envoy:${story.envoy} 2/2`);
        assert.notStrictEqual(gates[result.revision], "failed");
      }
      if (error?._tag === "UpgradeRolledBack") {
        assert.strictEqual(head, `${error.deployedRevision} deployed Rollback to 1`);
        assert.strictEqual(dataPlane, "gcr.io/acme/tars/envoy:envoy-1.1.0 2/2");
      }
      if (error?._tag === "UpgradeNotStarted") {
        assert.deepStrictEqual(history, ["1 deployed Install complete"]);
      }
      if (error?._tag === "UpgradeLeftInPlace") assert.isFalse(story.atomic);

      assert.isAtMost(events.length, 1);
      assert.isAtMost(elapsed, Duration.toMillis("42 minutes"));
      for (const event of events) {
        assert.strictEqual(event.status, result === undefined ? "failed" : "success");
      }

      if (story.outbox !== "up") {
        const quiet = yield* told(story, faultsOf({ ...story, outbox: "up" }));
        assert.strictEqual(quiet.error?._tag, error?._tag);
        assert.deepStrictEqual(quiet.result, result);
        assert.isAtMost(elapsed - quiet.elapsed, 10_000);
      }
    }),
  { arbitrary: { runs: 40, seed: "tare" }, timeout: 60_000 },
);
