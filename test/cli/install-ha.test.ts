import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { CustomResourceDefinition, Pod } from "../../src/domain/kube/objects.ts";
import {
  dataPlane,
  FakeCharts,
  FakeCluster,
  HELM_3,
  HELM_4,
  historyLines,
  INSTALLED_VALUES,
  storedPlace,
  tarsChart,
  world,
} from "../fakes/index.ts";
import { runCli, runUpgradeCli } from "./support.ts";

const SINGLE = { values: { ...INSTALLED_VALUES, ha: { enabled: false }, odd: ["0123", null] } };
const migrate = (...more: ReadonlyArray<string>) =>
  runCli(["install", "--ha", "FOLDER/identity.json", "--yes", ...more]);

const crds = Effect.gen(function* () {
  return JSON.stringify(yield* (yield* FakeCluster).all(CustomResourceDefinition));
});

/** UIDs of the pods of the data plane. */
const proxies = Effect.gen(function* () {
  const pods = yield* (yield* FakeCluster).all(Pod);
  return pods.flatMap(({ metadata: { namespace, uid } }) =>
    namespace === "tars-dataplane" && uid !== undefined ? [uid] : [],
  );
});

describe("a release of an older chart with one proxy", () => {
  it.effect.each([HELM_3, HELM_4])("is made HA in its own version, with Helm %s", (helm) =>
    Effect.gen(function* () {
      const refused = yield* runUpgradeCli();
      assert.strictEqual(refused.code, 12);
      assert.include(refused.stderr, "tare install --ha identity.json");
      const before = yield* crds;

      const run = yield* migrate();
      assert.strictEqual(run.code, 0, run.everything);
      assert.include(run.everything, "version 1.1.0 stays");
      const [migration] = run.invocations;
      assert.include(migration?.args ?? [], "/stored/tars-1.1.0");
      assert.deepStrictEqual(migration?.values, { ...SINGLE.values, ha: { enabled: true } });
      assert.strictEqual(yield* crds, before);
      assert.strictEqual(yield* dataPlane, "gcr.io/acme/tars/envoy:envoy-1.1.0 2/2");

      const again = yield* migrate();
      assert.strictEqual(again.code, 0, again.everything);
      assert.include(again.everything, "nothing to do: release tars runs 1.1.0");
      assert.lengthOf(yield* historyLines, 2);

      const upgraded = yield* runUpgradeCli();
      assert.strictEqual(upgraded.code, 0, upgraded.everything);
    }).pipe(Effect.provide(world({ ...SINGLE, helm }))),
  );

  it.effect("that knows nothing of drains keeps the proxy that runs, with its drain", () =>
    Effect.gen(function* () {
      const before = yield* proxies;
      const run = yield* migrate();
      assert.strictEqual(run.code, 0, run.everything);
      assert.lengthOf(before, 1);
      const after = yield* proxies;
      assert.lengthOf(after, 2);
      assert.includeMembers(after, before);
    }).pipe(Effect.provide(world({ values: { ...SINGLE.values, shutdown: null } }))),
  );

  it.effect("is not changed in other ways besides", () =>
    Effect.gen(function* () {
      const run = yield* migrate("--customer", "other");
      assert.strictEqual(run.code, 10);
      assert.lengthOf(yield* historyLines, 1);
    }).pipe(Effect.provide(world(SINGLE))),
  );

  it.effect("whose chart makes other objects once it is rebuilt is left alone", () =>
    Effect.gen(function* () {
      const charts = yield* FakeCharts;
      const other = tarsChart({ version: "1.1.0", imageTag: "other" });
      yield* charts.put(storedPlace(other), other);
      const run = yield* migrate();
      assert.strictEqual(run.code, 10, run.everything);
      assert.include(run.everything, "tare install --ha identity.json --chart-path CHART");
      assert.include(run.everything, "tare upgrade identity.json --allow-downtime");
      assert.lengthOf(yield* historyLines, 1);
    }).pipe(Effect.provide(world(SINGLE))),
  );
});
