import { assert, describe, it } from "@effect/vitest";
import { Effect, Layer, Result } from "effect";
import {
  type PreflightFacts,
  preflight,
  readPreflight,
} from "../../../src/phases/checks/preflight.ts";
import { HelmError } from "../../../src/services/helm/Helm.ts";
import { KubectlError } from "../../../src/services/kube/Kubectl.ts";
import { ToolMissing } from "../../../src/services/tools/ToolCache.ts";
import {
  FakeBackups,
  FakeCluster,
  forbidden,
  Recorder,
  simulate,
  slow,
  unreachable,
  world,
} from "../../fakes/index.ts";

const surroundings = Layer.mergeAll(Recorder.layer, FakeBackups.layer);

const GOOD: PreflightFacts = {
  helm: Result.succeed({ major: 4, minor: 2, patch: 1, text: "v4.2.1" }),
  kubectl: Result.succeed(undefined),
  server: Result.succeed({ major: 1, minor: 35, text: "v1.35.2" }),
  metrics: { _tag: "Available" },
};

const check = (facts: Partial<PreflightFacts>, options = { ha: true, skipPreflight: false }) =>
  Effect.result(preflight.run({ options, facts: Effect.succeed({ ...GOOD, ...facts }) }));

const down = Result.fail(
  new KubectlError({
    reason: "Unreachable",
    request: "read the server's version",
    detail: "no route",
  }),
);

describe("preflight", () => {
  it.effect("is silent when all is well", () =>
    Effect.gen(function* () {
      assert.isTrue(Result.isSuccess(yield* check({})));
      assert.deepStrictEqual(yield* (yield* Recorder).events, []);
    }).pipe(Effect.provide(surroundings)),
  );

  it.effect("puts every problem into one error", () =>
    Effect.gen(function* () {
      const helm = Result.fail(
        new HelmError({ command: "version", kind: "not-runnable", text: "helm not found" }),
      );
      const result = yield* check({ helm, server: down });
      assert.deepStrictEqual(Result.isFailure(result) ? result.failure.why : [], [
        "Helm: helm not found",
        "cluster: read the server's version: no route",
      ]);
    }).pipe(Effect.provide(surroundings)),
  );

  it.effect("only warns about kubectl and about the sidecar, and about metrics when HA is on", () =>
    Effect.gen(function* () {
      const facts: Partial<PreflightFacts> = {
        kubectl: Result.fail(new ToolMissing({ tool: "kubectl", searched: ["PATH"] })),
        server: Result.succeed({ major: 1, minor: 31, text: "v1.31.0" }),
        metrics: { _tag: "Absent" },
      };
      assert.isTrue(Result.isSuccess(yield* check(facts)));
      const { warnings } = yield* Recorder;
      assert.strictEqual((yield* warnings).length, 3);
      assert.isTrue(
        Result.isSuccess(
          yield* check({ metrics: { _tag: "Absent" } }, { ha: false, skipPreflight: false }),
        ),
      );
      assert.strictEqual((yield* warnings).length, 3);
    }).pipe(Effect.provide(surroundings)),
  );

  it.effect("does not judge metrics of a cluster it cannot reach", () =>
    Effect.gen(function* () {
      yield* check({ server: down, metrics: { _tag: "Unknown", reason: "no route" } });
      assert.deepStrictEqual(yield* (yield* Recorder).warnings, []);
    }).pipe(Effect.provide(surroundings)),
  );

  it.effect.each([true, false])(
    "refuses a home that keeps nothing, skipped or not: %s",
    (skipPreflight) =>
      Effect.gen(function* () {
        yield* (yield* FakeBackups).loseHome;
        const result = yield* check({}, { ha: true, skipPreflight });
        assert.match(Result.isFailure(result) ? (result.failure.why[0] ?? "") : "", /TARE_HOME/);
        const facts = Effect.succeed(GOOD);
        yield* preflight.run({ options: { ha: true, skipPreflight }, facts, writes: false });
      }).pipe(Effect.provide(surroundings)),
  );

  it.effect("that is skipped asks for no facts", () =>
    Effect.gen(function* () {
      yield* preflight.run({
        options: { ha: true, skipPreflight: true },
        facts: Effect.die("nobody should ask"),
      });
      assert.deepStrictEqual(yield* (yield* Recorder).events, [{ _tag: "PreflightSkipped" }]);
    }).pipe(Effect.provide(surroundings)),
  );
});

describe("the facts of the preflight", () => {
  it.effect("are read at the same time", () =>
    Effect.gen(function* () {
      const { elapsed } = yield* simulate(readPreflight);
      assert.strictEqual(elapsed, 5_000);
    }).pipe(Effect.provide(world({ faults: [{ trouble: slow("5 seconds"), actor: "tare" }] }))),
  );

  it.effect("keep a failure to look at metrics apart from their absence", () =>
    Effect.gen(function* () {
      const { exit } = yield* simulate(readPreflight);
      assert.strictEqual((yield* exit).metrics._tag, "Unknown");
    }).pipe(Effect.provide(world({ faults: [{ trouble: forbidden, kind: "APIService" }] }))),
  );

  it.effect("are complete even when nothing answers", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: unreachable });
      const { exit } = yield* simulate(readPreflight);
      assert.strictEqual(exit._tag, "Success");
    }).pipe(Effect.provide(world())),
  );
});
