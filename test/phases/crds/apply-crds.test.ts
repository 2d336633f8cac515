import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { crdManifest } from "../../../src/domain/crds/plan.ts";
import { CustomResourceDefinition, type KubeObject } from "../../../src/domain/kube/objects.ts";
import { applyCrds, readCrds } from "../../../src/phases/crds/apply-crds.ts";
import {
  crd,
  ENVOY_PROXY,
  FakeCluster,
  GATEWAY,
  simulate,
  slow,
  unreachable,
  world,
} from "../../fakes/index.ts";

const applied = Effect.fnUntraced(function* (crds: ReadonlyArray<KubeObject>) {
  const live = Effect.succeed(yield* readCrds);
  return yield* applyCrds.run({ manifests: crds.map(crdManifest), live });
});

const many = Array.from({ length: 24 }, (_, index) =>
  crd({ group: "example.com", kind: `Kind${index}`, plural: `kinds${index}`, versions: ["v1"] }),
);

describe("apply CRDs", () => {
  it.effect("rehearses all of them before it writes the first", () =>
    Effect.gen(function* () {
      yield* simulate(applied(many));
      const cluster = yield* FakeCluster;
      const applies = (yield* cluster.requests)
        .filter(({ verb }) => verb === "apply")
        .map(({ dryRun }) => dryRun);
      assert.strictEqual(applies.length, 48);
      assert.isFalse(applies.slice(0, 24).includes(false));
      assert.isFalse(applies.slice(24).includes(true));
    }).pipe(Effect.provide(world({ crds: [] }))),
  );

  it.effect("works on eight at a time", () =>
    Effect.gen(function* () {
      const { elapsed } = yield* simulate(applied(many));
      // Three rounds of rehearsals, three of writes, then up to a poll's length until all are served.
      assert.isAtLeast(elapsed, 6_000);
      assert.isAtMost(elapsed, 6_500);
    }).pipe(
      Effect.provide(world({ crds: [], faults: [{ trouble: slow("1 second"), verb: "apply" }] })),
    ),
  );

  it.effect("waits until the new types are served", () =>
    Effect.gen(function* () {
      const { elapsed } = yield* simulate(applied([crd(ENVOY_PROXY)]));
      assert.isAtLeast(elapsed, 300);
      const cluster = yield* FakeCluster;
      const name = "envoyproxies.gateway.envoyproxy.io";
      const live = yield* cluster.peek({ type: CustomResourceDefinition, name });
      assert.deepInclude(live?.status, { storedVersions: ["v1alpha1"] });
    }).pipe(Effect.provide(world({ revisions: [], crds: [] }))),
  );

  it.effect("does nothing for a chart without any", () =>
    Effect.gen(function* () {
      const { exit, elapsed } = yield* simulate(applied([]));
      assert.deepStrictEqual(yield* exit, { created: 0, updated: 0, skipped: 0 });
      assert.strictEqual(elapsed, 0);
    }).pipe(Effect.provide(world())),
  );

  it.effect("remembers a version that was once stored", () =>
    Effect.gen(function* () {
      const wider = crd({ ...GATEWAY, versions: ["v1", "v2"] });
      yield* simulate(applied([wider]));
      const { exit } = yield* simulate(
        Effect.flip(applied([crd({ ...GATEWAY, versions: ["v2"], schema: "2" })])),
      );
      const refused = yield* exit;
      assert.strictEqual(refused._tag, "CrdsRefused");
    }).pipe(Effect.provide(world())),
  );

  // The gateway that is there has no colour.
  const narrowing = applied([crd({ ...GATEWAY, required: ["colour"] })]);

  it.effect("says which objects would fail though the server cannot rehearse", () =>
    Effect.gen(function* () {
      const { exit } = yield* simulate(Effect.flip(narrowing));
      assert.strictEqual((yield* exit)._tag, "CrdsRefused");
    }).pipe(Effect.provide(world({ faults: [{ trouble: unreachable, verb: "apply" }] }))),
  );

  it.effect("looks at the live objects while the server rehearses", () =>
    Effect.gen(function* () {
      const { exit, elapsed } = yield* simulate(Effect.flip(narrowing));
      assert.strictEqual((yield* exit)._tag, "CrdsRefused");
      assert.isAtLeast(elapsed, 10_000);
      assert.isBelow(elapsed, 20_000);
    }).pipe(
      Effect.provide(
        world({
          faults: [
            { trouble: slow("10 seconds"), verb: "apply" },
            { trouble: slow("10 seconds"), verb: "list", kind: "Gateway" },
          ],
        }),
      ),
    ),
  );
});
