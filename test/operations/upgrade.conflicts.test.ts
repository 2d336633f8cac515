/** Fields of the release that others have changed on the cluster, and own since. */
import { assert, describe, it } from "@effect/vitest";
import { Effect, Redacted } from "effect";
import {
  ConfigMap,
  Deployment,
  EnvoyProxy,
  numberAt,
  stringAt,
} from "../../src/domain/kube/objects.ts";
import {
  FakeCluster,
  FakeHelm,
  HELM_3,
  HELM_4,
  historyLines,
  Recorder,
  runUpgrade,
  type Scenario,
  tarsChart,
  withField,
  world,
  writesOf,
} from "../fakes/index.ts";

const CONTROLLER = { type: Deployment, name: "envoy-gateway", namespace: "tars-system" };
const SETTINGS = { type: ConfigMap, name: "tars-config", namespace: "tars-system" };
const PROXY = { type: EnvoyProxy, name: "tars-egress", namespace: "tars-system" };

/** `kubectl scale`, and two edits. */
const touched = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  yield* cluster.edit(CONTROLLER, withField("spec.replicas", 1));
  yield* cluster.edit(PROXY, withField("spec.shutdown.drainTimeout", "9s"));
  yield* cluster.edit(SETTINGS, withField("data.customer", "other"));
});

const byServer: Scenario = { helm: HELM_4, applyMethod: "ssa" };

const RELEASES = [
  ["made and upgraded by Helm 4", byServer],
  ["made by Helm 3, upgraded by Helm 4", { helm: HELM_4 }],
  ["made by Helm 4, upgraded by Helm 3", { helm: HELM_3, applyMethod: "ssa" }],
  ["made and upgraded by Helm 3", { helm: HELM_3 }],
] as const satisfies ReadonlyArray<readonly [string, Scenario]>;

describe("a release whose objects were edited by hand", () => {
  it.effect.each(RELEASES)("is upgraded: %s", ([, scenario]) =>
    Effect.gen(function* () {
      yield* touched;
      const { error } = yield* runUpgrade();
      assert.isUndefined(error);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 deployed Upgrade complete",
      ]);
    }).pipe(Effect.provide(world(scenario))),
  );

  it.effect.each(RELEASES)("is rolled back when the upgrade fails: %s", ([, scenario]) =>
    Effect.gen(function* () {
      yield* touched;
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack", error?.why.join("; "));
    }).pipe(
      Effect.provide(
        world({ ...scenario, chart: tarsChart({ version: "1.2.0", imageTag: "never-ready" }) }),
      ),
    ),
  );

  it.effect.each(RELEASES)("is rolled back when the data plane fails: %s", ([, scenario]) =>
    Effect.gen(function* () {
      yield* touched;
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack", error?.why.join("; "));
    }).pipe(
      Effect.provide(
        world({ ...scenario, chart: tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }) }),
      ),
    ),
  );

  it.effect("is upgraded from what a Helm that met a conflict left of it", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.isUndefined(error);
    }).pipe(
      Effect.provide(
        world({
          ...byServer,
          revisions: [
            { status: "deployed" },
            { status: "superseded", description: 'Upgrade "tars" failed: conflict' },
            { status: "failed", description: 'Rollback "tars" failed: conflict' },
          ],
        }),
      ),
    ),
  );
});

describe("what is about to be changed", () => {
  const taken = Effect.gen(function* () {
    const events = yield* (yield* Recorder).events;
    return events.flatMap((event) =>
      event._tag === "FieldsTaken"
        ? event.taken.flatMap(({ kind, name, fields }) =>
            fields.map(({ path, owner, before, after }) =>
              [`${kind} ${name}`, path, owner, before?.text, after?.text].join(" "),
            ),
          )
        : [],
    );
  });

  it.effect("is listed with its owner, the old and the new value", () =>
    Effect.gen(function* () {
      yield* touched;
      yield* runUpgrade();
      assert.deepStrictEqual(yield* taken, [
        'ConfigMap tars-config data.customer kubectl-edit "other" "acme"',
        "Deployment envoy-gateway spec.replicas kubectl-edit 1 2",
        'EnvoyProxy tars-egress spec.shutdown.drainTimeout kubectl-edit "9s" "300s"',
      ]);
    }).pipe(Effect.provide(world(byServer))),
  );

  it.effect(
    "leaves out what Helm 3 leaves alone: a custom resource where the chart is the same",
    () =>
      Effect.gen(function* () {
        yield* touched;
        yield* runUpgrade();
        assert.deepStrictEqual(yield* taken, [
          'ConfigMap tars-config data.customer kubectl-edit "other" "acme"',
          "Deployment envoy-gateway spec.replicas kubectl-edit 1 2",
        ]);
        const cluster = yield* FakeCluster;
        const drain = stringAt(yield* cluster.peek(PROXY), "spec", "shutdown", "drainTimeout");
        // Not by Helm: the running proxies are given the drain that was asked for.
        assert.strictEqual(drain, "300s");
      }).pipe(Effect.provide(world({ helm: HELM_3 }))),
  );

  it.effect("has what was removed, which nobody owns", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.edit(CONTROLLER, ({ metadata: { labels: _, ...metadata }, ...object }) => ({
        ...object,
        metadata,
      }));
      yield* cluster.edit(SETTINGS, ({ data: _, ...object }) => object);
      yield* runUpgrade();
      assert.deepStrictEqual(yield* taken, [
        'ConfigMap tars-config data.proxy-url   "https://llm.acme.example"',
        'ConfigMap tars-config data.customer   "acme"',
      ]);
    }).pipe(Effect.provide(world(byServer))),
  );

  it.effect.each(RELEASES)(
    "stops the run when asked to, and nothing is written: %s",
    ([, scenario]) =>
      Effect.gen(function* () {
        yield* touched;
        const { error } = yield* runUpgrade({ options: { onConflict: "refuse" } });
        assert.strictEqual(error?._tag, "FieldsOwnedByOthers");
        assert.strictEqual(error?.exitCode, 10);
        assert.deepStrictEqual(yield* writesOf("tare"), []);
        assert.deepStrictEqual(yield* writesOf("helm"), []);
      }).pipe(Effect.provide(world(scenario))),
  );

  it.effect("is nothing when nobody touched the release", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options: { onConflict: "refuse" } });
      assert.isUndefined(error);
      assert.deepStrictEqual(yield* taken, []);
    }).pipe(Effect.provide(world(byServer))),
  );
});

describe("somebody who edits while Helm is at work", () => {
  it.effect.each(["take", "refuse"] as const)("never breaks the release (%s)", (onConflict) =>
    Effect.gen(function* () {
      const [helm, cluster] = [yield* FakeHelm, yield* FakeCluster];
      yield* helm.beforeUpgrade(
        touched.pipe(Effect.orDie, Effect.provideService(FakeCluster, cluster)),
      );
      const { error } = yield* runUpgrade({ options: { onConflict } });
      const expected = onConflict === "take" ? undefined : "UpgradeRolledBack";
      assert.strictEqual(error?._tag, expected, error?.why.join("; "));
      assert.strictEqual(numberAt(yield* cluster.peek(CONTROLLER), "spec", "replicas"), 2);
    }).pipe(Effect.provide(world(byServer))),
  );
});

describe("without the preflight", () => {
  it.effect.each(["take", "refuse"] as const)(
    "what others set is listed all the same (%s)",
    (onConflict) =>
      Effect.gen(function* () {
        yield* touched;
        const { error } = yield* runUpgrade({ options: { onConflict, skipPreflight: true } });
        const expected = onConflict === "take" ? undefined : "FieldsOwnedByOthers";
        assert.strictEqual(error?._tag, expected, error?.why.join("; "));
        const events = yield* (yield* Recorder).events;
        const isListed = events.some(({ _tag }) => _tag === "FieldsTaken");
        assert.strictEqual(isListed, onConflict === "take");
      }).pipe(Effect.provide(world(byServer))),
  );
});

describe("replicas beyond what the chart asks for", () => {
  const MINIMUM = "spec.provider.kubernetes.envoyHpa.minReplicas";
  const scaled = Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    yield* cluster.edit(CONTROLLER, withField("spec.replicas", 5));
    yield* cluster.edit(PROXY, withField(MINIMUM, 4));
  });
  const running = Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    return [
      numberAt(yield* cluster.peek(CONTROLLER), "spec", "replicas"),
      numberAt(yield* cluster.peek(PROXY), ...MINIMUM.split(".")),
    ];
  });

  it.effect.each(RELEASES)("stay through an upgrade and the next one: %s", ([, scenario]) =>
    Effect.gen(function* () {
      yield* scaled;
      yield* runUpgrade();
      assert.deepStrictEqual(yield* running, [5, 4]);
      assert.include(
        yield* (yield* Recorder).warnings,
        "Deployment envoy-gateway keeps spec.replicas 5, not the chart's 2 (value controllers.envoyGateway.replicas)",
      );
      const { error } = yield* runUpgrade({
        options: { onConflict: "refuse", strictValues: true },
      });
      assert.isUndefined(error, error?.message);
      assert.deepStrictEqual(yield* running, [5, 4]);
    }).pipe(Effect.provide(world({ ...scenario, values: {} }))),
  );

  it.effect.each(RELEASES)("stay through a rollback: %s", ([, scenario]) =>
    Effect.gen(function* () {
      yield* scaled;
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack", error?.why.join("; "));
      assert.deepStrictEqual(yield* running, [5, 4]);
    }).pipe(
      Effect.provide(
        world({ ...scenario, chart: tarsChart({ version: "1.2.0", imageTag: "never-ready" }) }),
      ),
    ),
  );

  it.effect("are no loss when somebody lowers them again", () =>
    Effect.gen(function* () {
      yield* scaled;
      yield* runUpgrade();
      const cluster = yield* FakeCluster;
      yield* cluster.edit(CONTROLLER, withField("spec.replicas", 2));
      yield* cluster.edit(PROXY, withField(MINIMUM, 2));
      const { error } = yield* runUpgrade({ options: { strictValues: true } });
      assert.isUndefined(error, error?.why.join("; "));
      assert.deepStrictEqual(yield* running, [2, 2]);
      const off = yield* runUpgrade({ options: { strictValues: true, ha: false } });
      assert.isUndefined(off.error, off.error?.why.join("; "));
    }).pipe(Effect.provide(world({ ...byServer, values: {} }))),
  );

  it.effect("go where a value asks for it", () =>
    Effect.gen(function* () {
      yield* scaled;
      const values = Redacted.make({
        controllers: { envoyGateway: { replicas: 2 } },
        ha: { minReplicas: 2 },
      });
      const { error } = yield* runUpgrade({ options: { values } });
      assert.isUndefined(error);
      assert.deepStrictEqual(yield* running, [2, 2]);
    }).pipe(Effect.provide(world(byServer))),
  );

  it.effect("go with HA, when that is turned off", () =>
    Effect.gen(function* () {
      yield* scaled;
      yield* runUpgrade({ options: { ha: false } });
      assert.deepStrictEqual(yield* running, [5, 1]);
    }).pipe(Effect.provide(world(byServer))),
  );

  it.effect("are those of the release only", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.edit(PROXY, withField("metadata.annotations", {}));
      yield* scaled;
      yield* runUpgrade();
      assert.deepStrictEqual(yield* running, [5, 2]);
    }).pipe(Effect.provide(world(byServer))),
  );
});
