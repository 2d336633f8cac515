/** CRDs are the cluster's, and so is their lock. */
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect } from "effect";
import { crdManifest } from "../../../src/domain/crds/plan.ts";
import { CustomResourceDefinition, Lease } from "../../../src/domain/kube/objects.ts";
import { CRDS_LOCK, heldLease, leaseName } from "../../../src/domain/lock/lease.ts";
import type { ProcessIdentity } from "../../../src/domain/processes/process-identity.ts";
import { applyCrds, readCrds } from "../../../src/phases/crds/apply-crds.ts";
import { LockLost, ReleaseLock } from "../../../src/services/lock/ReleaseLock.ts";
import {
  crd,
  ENVOY_PROXY,
  FakeCluster,
  forbidden,
  processOn,
  Recorder,
  runAs,
  simulate,
  world,
  writesOf,
} from "../../fakes/index.ts";

const apply = Effect.gen(function* () {
  const live = Effect.succeed(yield* readCrds);
  return yield* applyCrds.run({ manifests: [crdManifest(crd(ENVOY_PROXY))], live });
});

const ELSEWHERE = processOn(7, { host: "laptop", table: "machine-2" });
const HERE = processOn(8);

const seedLease = (holder: ProcessIdentity) =>
  Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    return yield* cluster.seed(Lease, heldLease(CRDS_LOCK, holder, 0, 0), "tare");
  });

describe("the lock on the CRDs", () => {
  it.effect("of a run that died elsewhere is watched, and whose it is is said once", () =>
    Effect.gen(function* () {
      yield* seedLease(ELSEWHERE);
      const { exit, elapsed } = yield* simulate(apply);
      assert.deepStrictEqual(yield* exit, { created: 1, updated: 0, skipped: 0 });
      assert.isAtLeast(elapsed, 29_000);
      assert.isAtMost(elapsed, 34_000);
      const [watching, takenOver, ...others] = yield* (yield* Recorder).warnings;
      assert.include(watching, "operator@laptop, process 7 holds the lock");
      assert.include(takenOver, "no heartbeat for as long as its lock lasts");
      assert.deepStrictEqual(others, []);
    }).pipe(Effect.provide(world({ revisions: [], crds: [] }))),
  );

  it.effect("of a run that was killed here is taken over at once", () =>
    Effect.gen(function* () {
      yield* seedLease(HERE);
      const { exit, elapsed } = yield* simulate(apply);
      assert.deepStrictEqual(yield* exit, { created: 1, updated: 0, skipped: 0 });
      assert.isAtMost(elapsed, 5_000);
      const [takenOver] = yield* (yield* Recorder).warnings;
      assert.include(takenOver, "its process is gone");
    }).pipe(Effect.provide(world({ revisions: [], crds: [] }))),
  );

  it.effect("that somebody keeps ends the run with exit code 13 and nothing written", () =>
    Effect.gen(function* () {
      const options = { waitAtMost: Duration.zero, onNews: () => Effect.void };
      yield* runAs(ELSEWHERE)(
        Effect.flatMap(ReleaseLock, (theirs) => theirs.acquire(CRDS_LOCK, options)),
      );
      const { exit, elapsed } = yield* simulate(Effect.flip(apply));
      const error = yield* exit;
      assert.strictEqual(error._tag, "CrdsLocked");
      assert.strictEqual("exitCode" in error ? error.exitCode : 0, 13);
      assert.include(error.message, "operator@laptop, process 7");
      assert.isAtMost(elapsed, 50_000);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.scoped, Effect.provide(world({ revisions: [], crds: [] }))),
  );

  it.effect("is given back, and not even asked for when nothing is to be done", () =>
    Effect.gen(function* () {
      yield* simulate(apply);
      const cluster = yield* FakeCluster;
      const ref = { type: Lease, name: leaseName(CRDS_LOCK), namespace: CRDS_LOCK.namespace };
      const released = yield* cluster.peek(ref);
      assert.notProperty(released?.spec, "holderIdentity");
      yield* simulate(apply);
      assert.strictEqual(yield* cluster.peek(ref), released);
    }).pipe(Effect.provide(world({ revisions: [], crds: [] }))),
  );

  it.effect("that may not be taken is a missing right: exit code 10", () =>
    Effect.gen(function* () {
      const { exit } = yield* simulate(Effect.flip(apply));
      const error = yield* exit;
      assert.strictEqual(error._tag, "CrdRightsMissing");
      assert.strictEqual("exitCode" in error ? error.exitCode : 0, 10);
    }).pipe(
      Effect.provide(
        world({ revisions: [], crds: [], faults: [{ trouble: forbidden, kind: "Lease" }] }),
      ),
    ),
  );
});

it.effect("a run that lost the lock on its release writes no CRD", () =>
  Effect.gen(function* () {
    const live = Effect.succeed(yield* readCrds);
    const lock = {
      check: Effect.fail(new LockLost({ detail: "taken by somebody", reason: "Taken" })),
    };
    const manifests = [crdManifest(crd(ENVOY_PROXY))];
    const { exit } = yield* simulate(Effect.flip(applyCrds.run({ manifests, live, lock })));
    assert.strictEqual((yield* exit)._tag, "RunSuperseded");
    const cluster = yield* FakeCluster;
    assert.deepStrictEqual(yield* cluster.all(CustomResourceDefinition), []);
  }).pipe(Effect.provide(world({ revisions: [], crds: [] }))),
);
