import { assert, describe, it } from "@effect/vitest";
import { Effect, Redacted } from "effect";
import { getPath } from "../../../src/domain/kube/json.ts";
import {
  DEFAULT_RELEASE,
  DEFAULT_UPGRADE_OPTIONS,
  type UpgradeOptions,
} from "../../../src/domain/run/upgrade-options.ts";
import { discover } from "../../../src/phases/release/discover.ts";
import { readRelease } from "../../../src/phases/release/read-release.ts";
import { ChartSource } from "../../../src/services/chart/ChartSource.ts";
import { ReleaseRecords } from "../../../src/services/release/ReleaseRecords.ts";
import {
  hang,
  IDENTITY,
  Recorder,
  simulate,
  slow,
  tarsChart,
  unreachable,
  world,
} from "../../fakes/index.ts";

const found = Effect.fnUntraced(function* (options: Partial<UpgradeOptions> = {}) {
  const given = { ...DEFAULT_UPGRADE_OPTIONS, ...options };
  const [facts, charts] = yield* Effect.all([readRelease(given.release), ChartSource]);
  return yield* discover.run({
    options: given,
    identity: IDENTITY,
    facts: Effect.succeed(facts),
    chart: Effect.scoped(charts.resolve(given.chart)),
  });
});

describe("discover", () => {
  it.effect("returns what is installed and what Helm will be given", () =>
    Effect.gen(function* () {
      const { exit } = yield* simulate(found());
      const installed = yield* exit;
      assert.strictEqual(installed.deployed?.revision, 1);
      assert.strictEqual(installed.lastGood?.revision, 1);
      assert.strictEqual(installed.fromVersion, "1.1.0");
      assert.strictEqual(installed.chart.version, "1.2.0");
      assert.deepStrictEqual([...installed.secretUids.keys()], [1]);
      const values = Redacted.value(installed.values);
      assert.strictEqual(getPath(values, ["global", "imageRegistry"]), "gcr.io/acme/tars");
    }).pipe(Effect.provide(world())),
  );

  it.effect("tells where it looked and what it carries, paths only", () =>
    Effect.gen(function* () {
      yield* simulate(found());
      const { events } = yield* Recorder;
      const [release, carried, ...others] = yield* events;
      assert.deepInclude(release, {
        _tag: "ReleaseFound",
        revision: 1,
        context: "prod",
        server: "https://cluster.example:6443",
        fromVersion: "1.1.0",
        toVersion: "1.2.0",
      });
      assert.deepInclude(carried, {
        _tag: "CarriedForward",
        carried: {
          registry: '"gcr.io/acme/tars"',
          customer: '"acme"',
          environment: '""',
          otel: "true",
        },
      });
      assert.deepStrictEqual(others, []);
    }).pipe(Effect.provide(world())),
  );

  it.effect("knows the last good revision from the gate's record", () =>
    Effect.gen(function* () {
      const records = yield* ReleaseRecords;
      const uids = yield* records.secretUids(DEFAULT_RELEASE);
      const record = { state: "failed", baseUid: uids.get(2) ?? "" } as const;
      yield* records.recordGate(DEFAULT_RELEASE, 3, record, new Set([1, 2, 3]));
      const { exit } = yield* simulate(found());
      const installed = yield* exit;
      assert.strictEqual(installed.deployed?.revision, 3);
      assert.strictEqual(installed.lastGood?.revision, 2);
    }).pipe(
      Effect.provide(
        world({
          revisions: [{ status: "superseded" }, { status: "superseded" }, { status: "deployed" }],
        }),
      ),
    ),
  );

  it.effect("ignores the gate's record of an installation that is gone", () =>
    Effect.gen(function* () {
      const records = yield* ReleaseRecords;
      const base = { revision: 1, updated: "2020-01-01T00:00:00.000Z" };
      const record = { state: "failed", base, baseUid: "uid-of-another-life" } as const;
      yield* records.recordGate(DEFAULT_RELEASE, 1, record, new Set([1]));
      const { exit } = yield* simulate(found());
      assert.strictEqual((yield* exit).lastGood?.revision, 1);
    }).pipe(Effect.provide(world())),
  );

  it.effect("says when a chart cannot be had", () =>
    Effect.gen(function* () {
      const chart = { _tag: "Remote", url: "oci://charts.example/tars", version: "9" } as const;
      const { exit } = yield* simulate(Effect.flip(found({ chart })));
      const error = yield* exit;
      assert.strictEqual(error._tag, "ChartUnusable");
    }).pipe(Effect.provide(world({ chart: tarsChart({ version: "1.2.0" }) }))),
  );
});

describe("the facts of the release", () => {
  it.effect("are read at the same time", () =>
    Effect.gen(function* () {
      const { elapsed } = yield* simulate(readRelease(DEFAULT_RELEASE));
      // Only Helm says which record comes next.
      assert.isAtMost(elapsed, 3_200);
    }).pipe(Effect.provide(world({ faults: [{ trouble: slow("3 seconds"), actor: "tare" }] }))),
  );

  it.effect.each([unreachable, hang])("fail in bounded time when the API server does", (trouble) =>
    Effect.gen(function* () {
      const { exit, elapsed } = yield* simulate(readRelease(DEFAULT_RELEASE));
      assert.strictEqual(exit._tag, "Failure");
      assert.isAtMost(elapsed, 31_000);
    }).pipe(Effect.provide(world({ faults: [{ trouble }] }))),
  );
});
