import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { CRD_GENERATION_ANNOTATION } from "../../src/domain/crds/plan.ts";
import { CustomResourceDefinition, type ObjectRef } from "../../src/domain/kube/objects.ts";
import {
  answerLost,
  BACKEND,
  crd,
  ENVOY_PROXY,
  FakeBackups,
  FakeCluster,
  FakeHelm,
  GATEWAY,
  INSTALLED_CRDS,
  outboxEvents,
  Recorder,
  rejected,
  runUpgrade,
  serverError,
  tarsChart,
  unreachable,
  withField,
  world,
  writesOf,
} from "../fakes/index.ts";

const crdRef = ({
  plural,
  group,
}: {
  readonly plural: string;
  readonly group: string;
}): ObjectRef => ({
  type: CustomResourceDefinition,
  name: `${plural}.${group}`,
});

/** The counts of every run so far. */
const counts = Effect.gen(function* () {
  const { events } = yield* Recorder;
  return (yield* events).flatMap((event) => (event._tag === "CrdsApplied" ? [event.counts] : []));
});

const helmStarts = Effect.gen(function* () {
  return (yield* (yield* FakeHelm).invocations).length;
});

describe("the CRDs", () => {
  it.effect("are counted by what really happened to them", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      assert.deepStrictEqual(yield* counts, [{ created: 1, updated: 2, skipped: 1 }]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("are all skipped by a second run, which does not even rehearse them", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const cluster = yield* FakeCluster;
      const rehearsals = Effect.map(
        cluster.requests,
        (all) =>
          all.filter(
            ({ verb, dryRun, kind }) =>
              verb === "apply" && dryRun && kind === CustomResourceDefinition.kind,
          ).length,
      );
      const before = yield* rehearsals;
      yield* runUpgrade();
      assert.deepStrictEqual((yield* counts)[1], { created: 0, updated: 0, skipped: 4 });
      assert.strictEqual((yield* rehearsals) - before, 0);
    }).pipe(Effect.provide(world())),
  );

  it.effect("are saved as they were before the first one is written", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const all = yield* cluster.all(CustomResourceDefinition);
      const before = [GATEWAY, ENVOY_PROXY].flatMap((one) =>
        all.filter(({ metadata }) => metadata.name === crdRef(one).name),
      );
      yield* runUpgrade();
      const [saved] = yield* (yield* FakeBackups).saved;
      assert.deepStrictEqual(saved, before);
    }).pipe(Effect.provide(world())),
  );

  it.effect("are not touched when they cannot be saved", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackups).fillDisk;
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "CrdBackupFailed");
      assert.strictEqual(error?.exitCode, 14);
      assert.strictEqual(yield* helmStarts, 0);
      assert.deepStrictEqual(
        (yield* writesOf("tare")).filter((line) => line.includes("CustomResourceDefinition")),
        [],
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("are taken back from a hand that edited them", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const cluster = yield* FakeCluster;
      const ours = yield* cluster.peek(crdRef(ENVOY_PROXY));
      yield* cluster.edit(crdRef(ENVOY_PROXY), withField("spec.names.singular", "byhand"));
      yield* runUpgrade();
      assert.deepStrictEqual((yield* counts)[1], { created: 0, updated: 1, skipped: 3 });
      const after = yield* cluster.peek(crdRef(ENVOY_PROXY));
      assert.deepStrictEqual(after?.spec, ours?.spec);
      assert.strictEqual(
        after?.metadata.annotations?.[CRD_GENERATION_ANNOTATION],
        String(after?.metadata.generation),
      );
      yield* runUpgrade();
      assert.deepStrictEqual((yield* counts)[2], { created: 0, updated: 0, skipped: 4 });
    }).pipe(Effect.provide(world())),
  );

  it.effect("of a newer bundle are left alone, with a warning", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const before = yield* cluster.peek(crdRef(GATEWAY));
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      assert.deepStrictEqual(yield* counts, [{ created: 1, updated: 1, skipped: 2 }]);
      assert.deepStrictEqual(yield* (yield* Recorder).warnings, [
        "gateways.gateway.networking.k8s.io: the cluster's bundle v1.6.0 is newer than v1.5.1; left as it is",
      ]);
      assert.deepStrictEqual(yield* cluster.peek(crdRef(GATEWAY)), before);
    }).pipe(
      Effect.provide(
        world({ crds: [crd({ ...GATEWAY, bundle: "v1.6.0" }), crd(ENVOY_PROXY), crd(BACKEND)] }),
      ),
    ),
  );
});

describe("a CRD that is refused", () => {
  const assertRefused = Effect.fnUntraced(function* (reason: RegExp) {
    const { error } = yield* runUpgrade();
    assert.strictEqual(error?._tag, "CrdsRefused");
    assert.strictEqual(error?.exitCode, 14);
    assert.strictEqual(error?.why.length, 1);
    assert.match(error?.why[0] ?? "", reason);
    assert.deepStrictEqual(yield* writesOf("helm"), []);
    assert.deepStrictEqual(
      (yield* writesOf("tare")).filter((line) => !line.includes("tare-event-")),
      [],
    );
    const [event] = yield* outboxEvents;
    assert.strictEqual(event?.error_code, "CrdsRefused");
    assert.notProperty(event, "helm_revision");
  });

  it.effect("by admission keeps all of them from being written", () =>
    assertRefused(/^envoyproxies\.gateway\.envoyproxy\.io: .*no CRDs on Fridays$/).pipe(
      Effect.provide(
        world({
          faults: [
            {
              trouble: rejected("no CRDs on Fridays"),
              verb: "apply",
              kind: "CustomResourceDefinition",
              name: /^envoyproxies/,
            },
          ],
        }),
      ),
    ),
  );

  it.effect("because it drops a stored version is refused before anything is written", () =>
    assertRefused(/^backends\.gateway\.envoyproxy\.io: .*status\.storedVersions.*v1alpha1/).pipe(
      Effect.provide(
        world({
          chart: tarsChart({
            version: "1.2.0",
            crds: [crd(GATEWAY), crd({ ...BACKEND, versions: ["v1"] })],
          }),
        }),
      ),
    ),
  );

  it.effect("because its scope would change is refused before anything is written", () =>
    assertRefused(/^backends\.gateway\.envoyproxy\.io: .*spec\.scope.*immutable$/).pipe(
      Effect.provide(
        world({
          chart: tarsChart({
            version: "1.2.0",
            crds: [crd(GATEWAY), crd({ ...BACKEND, scope: "Cluster" })],
          }),
        }),
      ),
    ),
  );
});

describe("a CRD write that fails half-way", () => {
  const interruptedWrite = {
    trouble: unreachable,
    verb: "apply",
    kind: "CustomResourceDefinition",
    name: /^envoyproxies/,
    dryRun: false,
    times: 1,
  } as const;

  it.effect("keeps Helm from starting, and the next run completes the set", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "CrdsIncomplete");
      assert.strictEqual(error?.exitCode, 15);
      assert.strictEqual(
        error?.what,
        "1 of the CRDs could not be written (2 were); Helm was not started",
      );
      assert.strictEqual(yield* helmStarts, 0);
      assert.deepStrictEqual(yield* counts, []);

      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      assert.deepStrictEqual(yield* counts, [{ created: 0, updated: 1, skipped: 3 }]);
    }).pipe(Effect.provide(world({ faults: [interruptedWrite] }))),
  );

  it.effect("counts a write whose answer got lost as done, next time", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "CrdsIncomplete");
      yield* runUpgrade();
      assert.deepStrictEqual(yield* counts, [{ created: 0, updated: 0, skipped: 4 }]);
    }).pipe(Effect.provide(world({ faults: [{ ...interruptedWrite, trouble: answerLost }] }))),
  );

  it.effect("is made again when the server was too busy for it, three times at most", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      assert.deepStrictEqual(yield* counts, [{ created: 1, updated: 2, skipped: 1 }]);
    }).pipe(
      Effect.provide(world({ faults: [{ ...interruptedWrite, trouble: serverError, times: 3 }] })),
    ),
  );

  it.effect("is given up when the server never gets to it", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "CrdsIncomplete");
      assert.strictEqual(yield* helmStarts, 0);
    }).pipe(
      Effect.provide(world({ faults: [{ ...interruptedWrite, trouble: serverError, times: 4 }] })),
    ),
  );

  it.effect("includes one that is never Established", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      // Whatever the API server sets is taken away again.
      yield* cluster.react(({ type, after }) =>
        after?.metadata.name === "tarsupgrades.tars.tetrate.ai"
          ? cluster.setStatus({ type, name: after.metadata.name }, { conditions: [] })
          : Effect.void,
      );
      const { error, elapsed } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "CrdsIncomplete");
      assert.deepStrictEqual(error?.why, [
        "tarsupgrades.tars.tetrate.ai: was written but not Established within 60 seconds",
      ]);
      assert.isAtMost(elapsed, 62_000);
      assert.strictEqual(yield* helmStarts, 0);
    }).pipe(Effect.provide(world())),
  );
});

it.effect("CRDs that nobody may list stop the run before anything is written", () =>
  Effect.gen(function* () {
    const { error } = yield* runUpgrade();
    assert.strictEqual(error?._tag, "ClusterUnavailable");
    assert.deepStrictEqual(yield* writesOf("helm"), []);
  }).pipe(
    Effect.provide(
      world({
        crds: INSTALLED_CRDS,
        faults: [{ trouble: unreachable, verb: "list", kind: "CustomResourceDefinition" }],
      }),
    ),
  ),
);
