import { assert, describe, it } from "@effect/vitest";
import { Effect, Exit, Ref } from "effect";
import { UPGRADE } from "../src/domain/run/operation.ts";
import { UPGRADE_PHASES } from "../src/operations/upgrade.ts";
import {
  makePipeline,
  type Phase,
  type PhaseMiddleware,
  PhaseMiddlewares,
  prefetched,
  uncounted,
} from "../src/pipeline.ts";
import { Recorder, simulate } from "./fakes/index.ts";

const double: Phase<number, number, never, never> = {
  id: "double",
  title: "Double a number",
  run: (input) => Effect.as(Effect.sleep("3 seconds"), input * 2),
};

const refuse: Phase<void, never, "refused", never> = {
  id: "refuse",
  title: "Refuse",
  run: () => Effect.fail("refused"),
};

const nap = Effect.sleep("1 second");

const finished = Effect.gen(function* () {
  const { events } = yield* Recorder;
  return (yield* events).flatMap((event) => (event._tag === "PhaseFinished" ? [event] : []));
});

describe("a pipeline", () => {
  it.effect("numbers, times and reports its phases in the announced order", () =>
    Effect.gen(function* () {
      const { exit } = yield* simulate(
        Effect.gen(function* () {
          const run = yield* makePipeline([refuse, double]);
          return yield* run(double, 21);
        }),
      );
      assert.deepStrictEqual(exit, Exit.succeed(42));
      const { events } = yield* Recorder;
      const phase = { id: "double", title: "Double a number", index: 2, total: 2 };
      assert.deepStrictEqual(yield* events, [
        { _tag: "PhaseStarted", phase },
        { _tag: "PhaseFinished", phase, millis: 3_000, succeeded: true },
      ]);
    }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect("reports a phase that fails or is interrupted as finished without success", () =>
    Effect.gen(function* () {
      const run = yield* makePipeline([double, refuse]);
      yield* Effect.exit(run(refuse, undefined));
      yield* simulate(Effect.timeoutOption(run(double, 1), "1 second"));
      assert.deepStrictEqual(
        (yield* finished).map(({ phase, succeeded, millis }) => [phase.id, succeeded, millis]),
        [
          ["refuse", false, 0],
          ["double", false, 1_000],
        ],
      );
    }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect("runs a step under a phase's heading, and counts what is the phase's own", () =>
    Effect.gen(function* () {
      yield* simulate(
        Effect.gen(function* () {
          const run = yield* makePipeline([double]);
          const waiting = uncounted(Effect.andThen(Effect.sleep("1 minute"), uncounted(nap)));
          const input = yield* run.before(double, Effect.as(Effect.andThen(waiting, nap), 21));
          return yield* run(double, input);
        }),
      );
      assert.deepStrictEqual(
        (yield* (yield* Recorder).events).map((event) =>
          event._tag === "PhaseFinished" ? [event._tag, event.millis] : [event._tag],
        ),
        [["PhaseStarted"], ["PhaseFinished", 4_000]],
      );
    }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect("has failed in a phase when the step before it has", () =>
    Effect.gen(function* () {
      const run = yield* makePipeline([double]);
      const failing = Effect.andThen(nap, Effect.fail("stuck"));
      const { exit } = yield* simulate(run.before(double, failing));
      assert.deepStrictEqual(exit, Exit.fail("stuck"));
      assert.deepStrictEqual(
        (yield* finished).map(({ phase, succeeded, millis }) => [phase.id, succeeded, millis]),
        [["double", false, 1_000]],
      );
    }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect("refuses to run a phase that was not announced", () =>
    Effect.gen(function* () {
      const run = yield* makePipeline([refuse]);
      const exit = yield* Effect.exit(run(double, 1));
      assert.isTrue(Exit.hasDies(exit));
      const { events } = yield* Recorder;
      assert.deepStrictEqual(yield* events, []);
    }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect("wraps every phase in the middleware of the program, outermost first", () =>
    Effect.gen(function* () {
      const seen = yield* Ref.make<ReadonlyArray<string>>([]);
      const note =
        (name: string): PhaseMiddleware =>
        ({ index }) =>
        (phase) =>
          Effect.andThen(
            Ref.update(seen, (all) => [...all, `${name} ${index}`]),
            phase,
          );
      yield* simulate(
        Effect.gen(function* () {
          const run = yield* makePipeline([double]);
          return yield* run(double, 1);
        }).pipe(Effect.provideService(PhaseMiddlewares, [note("outer"), note("inner")])),
      );
      assert.deepStrictEqual(yield* Ref.get(seen), ["outer 1", "inner 1"]);
    }).pipe(Effect.provide(Recorder.layer)),
  );
});

describe("a read ahead of its turn", () => {
  it.effect("is done once, and delivered at once to whoever asks later", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const reads = yield* Ref.make(0);
        const { elapsed } = yield* simulate(
          Effect.gen(function* () {
            const read = yield* prefetched(
              Effect.andThen(
                Effect.sleep("5 seconds"),
                Ref.update(reads, (n) => n + 1),
              ),
            );
            yield* Effect.sleep("4 seconds");
            yield* Effect.all([read, read], { concurrency: "unbounded" });
          }).pipe(Effect.scoped),
        );
        assert.strictEqual(elapsed, 5_000);
        assert.strictEqual(yield* Ref.get(reads), 1);
      }),
    ),
  );

  it.effect("that fails is the failure of the one who asks, and of nobody else", () =>
    Effect.gen(function* () {
      const unasked = yield* simulate(
        Effect.scoped(
          Effect.andThen(prefetched(Effect.fail("no answer")), Effect.sleep("1 second")),
        ),
      );
      assert.isTrue(Exit.isSuccess(unasked.exit));
      const asked = yield* simulate(
        Effect.scoped(Effect.flatten(prefetched(Effect.fail("no answer")))),
      );
      assert.deepStrictEqual(asked.exit, Exit.fail("no answer"));
    }),
  );

  it.effect("ends with its scope", () =>
    Effect.gen(function* () {
      const ended = yield* Ref.make(false);
      yield* simulate(
        Effect.scoped(
          Effect.andThen(
            prefetched(Effect.onInterrupt(Effect.never, () => Ref.set(ended, true))),
            Effect.sleep("1 second"),
          ),
        ),
      );
      assert.isTrue(yield* Ref.get(ended));
    }),
  );
});

it("the journal numbers the phases of an upgrade as they are printed", () => {
  assert.deepStrictEqual(
    UPGRADE.phases,
    UPGRADE_PHASES.map(({ id }) => id),
  );
});

it("the phases of an upgrade have ids of their own and the titles of the product page", () => {
  assert.deepStrictEqual(
    UPGRADE_PHASES.map(({ id, title }) => [id, title]),
    [
      ["preflight", "Preflight (Helm / kubectl / cluster)"],
      ["discover", "Discover existing release"],
      ["ha-preflight", "HA preflight"],
      ["apply-crds", "Apply / update CRDs"],
      ["helm-upgrade", "Helm upgrade"],
    ],
  );
});
