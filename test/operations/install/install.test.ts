import { assert, describe, it } from "@effect/vitest";
import { Effect, Exit } from "effect";
import { EnvoyProxy, Namespace } from "../../../src/domain/kube/objects.ts";
import {
  allObjects,
  dataPlane,
  EMPTY,
  FakeCluster,
  FakeHelm,
  gateStates,
  HELM_3,
  HELM_4,
  historyLines,
  outboxEvents,
  Recorder,
  runInstall,
  runUpgrade,
  type Scenario,
  tarsChart,
  unreachable,
  world,
  writesOf,
} from "../../fakes/index.ts";

const GOOD = { _tag: "Local", path: "/charts/good" } as const;
const GOOD_CHARTS = { "/charts/good": tarsChart({ version: "1.2.0" }) };

const printed = Effect.gen(function* () {
  const { events } = yield* Recorder;
  return (yield* events)
    .map((event) =>
      event._tag === "PhaseStarted"
        ? `[${event.phase.index}/${event.phase.total}] ${event.phase.title}`
        : event._tag,
    )
    .filter(
      (line) => !/^(PhaseFinished|DataPlaneProgress|StreamsProgress|Rollout|CrdWritten)/.test(line),
    );
});

const warnings = Effect.gen(function* () {
  const { events } = yield* Recorder;
  return (yield* events).flatMap((event) => (event._tag === "Warning" ? [event.warning.code] : []));
});

/** What there is of the release, tare's own records left out. */
const KEPT = new Set(["APIService", "CustomResourceDefinition", "Event", "Lease", "Namespace"]);

const leftovers = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  return allObjects(yield* cluster.snapshot)
    .filter(({ kind, metadata: { name } }) => !KEPT.has(kind) && !name.startsWith("tare-"))
    .map(({ kind, metadata: { name } }) => `${kind} ${name}`);
});

describe("an installation on an empty cluster", () => {
  it.effect.each([HELM_3, HELM_4])("reports its steps in the printed order, with Helm %s", (helm) =>
    Effect.gen(function* () {
      const { result, exit } = yield* runInstall();
      assert.isTrue(Exit.isSuccess(exit), String(exit));
      assert.deepStrictEqual(result, {
        _tag: "Installed",
        revision: 1,
        fromVersion: "1.2.0",
        toVersion: "1.2.0",
        dataPlane: "Settled",
        rollbackRevision: undefined,
        notes: undefined,
        rollbackTakesOver: false,
      });
      assert.deepStrictEqual(yield* printed, [
        "[1/5] Preflight (Helm / kubectl / cluster)",
        "[2/5] Configuration",
        "ChartChosen",
        "InstallationPrepared",
        "[3/5] Namespaces and secrets",
        "NamespacePrepared",
        "NamespacePrepared",
        "SecretWritten",
        "[4/5] Apply / update CRDs",
        "CrdsApplied",
        "[5/5] Helm install",
        "HelmUpgradeStarted",
      ]);
      assert.deepStrictEqual(yield* historyLines, ["1 deployed Install complete"]);
      assert.deepStrictEqual(yield* gateStates, { 1: "passed" });
      assert.deepStrictEqual(yield* warnings, []);
      assert.strictEqual(yield* dataPlane, "docker.io/tars/envoy:envoy-1.2.0 2/2");
    }).pipe(Effect.provide(world({ ...EMPTY, helm }))),
  );

  it.effect("makes both namespaces, and writes its event as an installation", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const cluster = yield* FakeCluster;
      const namespaces = (yield* cluster.all(Namespace)).map(({ metadata }) => metadata);
      assert.deepStrictEqual(
        namespaces.map(({ name, labels }) => [name, labels]),
        ["tars-dataplane", "tars-system"].map((name) => [
          name,
          { "pod-security.kubernetes.io/enforce": "baseline" },
        ]),
      );
      const [event, ...others] = yield* outboxEvents;
      assert.deepStrictEqual(others, []);
      assert.deepInclude(event, {
        operation: "install",
        status: "success",
        helm_revision: 1,
        chart_version: "1.2.0",
      });
      assert.notProperty(event, "from_version");
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("is upgraded by the next version", () =>
    Effect.gen(function* () {
      yield* runInstall({ options: { chart: { _tag: "Local", path: "/charts/older" } } });
      const { result } = yield* runUpgrade();
      assert.deepInclude(result, { revision: 2, fromVersion: "1.1.0", toVersion: "1.2.0" });
      assert.deepStrictEqual(
        (yield* outboxEvents).map(({ operation, status }) => `${operation} ${status}`),
        ["install success", "upgrade success"],
      );
    }).pipe(
      Effect.provide(
        world({ ...EMPTY, charts: { "/charts/older": tarsChart({ version: "1.1.0" }) } }),
      ),
    ),
  );

  it.effect("run again does nothing, and says so", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const before = (yield* writesOf("tare")).length;
      const { result } = yield* runInstall();
      assert.deepStrictEqual(result, { _tag: "Unchanged", revision: 1, version: "1.2.0" });
      assert.include(yield* printed, "NothingToDo");
      assert.deepStrictEqual(yield* historyLines, ["1 deployed Install complete"]);
      assert.strictEqual((yield* writesOf("tare")).length, before);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("takes over what was uninstalled with its history kept", () =>
    Effect.gen(function* () {
      yield* runInstall();
      yield* (yield* FakeHelm).uninstall(
        { name: "tars", namespace: "tars-system" },
        { keepHistory: true },
      );
      const { result } = yield* runInstall();
      assert.deepInclude(result, { _tag: "Installed", revision: 2 });
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

const CRASHING: Scenario = {
  ...EMPTY,
  chart: tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }),
};
const BROKEN_RELEASE: Scenario = {
  ...EMPTY,
  chart: tarsChart({ version: "1.2.0", imageTag: "crash-loop" }),
};

/** A controller's finalizer, which only that controller takes away. */
const held: NonNullable<Scenario["rewrite"]> = (type, next) =>
  type.plural === EnvoyProxy.plural && next.metadata.deletionTimestamp === undefined
    ? { ...next, metadata: { ...next.metadata, finalizers: ["gateway-exists-finalizer"] } }
    : next;

describe("a first installation whose objects are held by finalizers of its controllers", () => {
  it.effect.each([HELM_3, HELM_4])("is removed when it fails, with Helm %s", (helm) =>
    Effect.gen(function* () {
      const { error } = yield* runInstall();
      assert.strictEqual(error?._tag, "InstallRemoved", error?.why.join("; "));
      assert.deepStrictEqual(yield* leftovers, []);
    }).pipe(Effect.provide(world({ ...CRASHING, helm, rewrite: held }))),
  );

  it.effect.each([HELM_3, HELM_4])("makes way for the next one, with Helm %s", (helm) =>
    Effect.gen(function* () {
      yield* runInstall({ options: { atomic: false } });
      const { result } = yield* runInstall({ options: { chart: GOOD, recover: true } });
      assert.deepInclude(result, { _tag: "Installed", revision: 1 });
    }).pipe(Effect.provide(world({ ...BROKEN_RELEASE, helm, rewrite: held, charts: GOOD_CHARTS }))),
  );
});

describe("a first installation that fails", () => {
  for (const [what, scenario] of [
    ["because the data plane does not come up", CRASHING],
    ["because the release does not come up", BROKEN_RELEASE],
  ] as const) {
    it.effect.each([HELM_3, HELM_4])(`${what} is removed, with Helm %s`, (helm) =>
      Effect.gen(function* () {
        const { error } = yield* runInstall();
        assert.strictEqual(error?._tag, "InstallRemoved");
        assert.include(error?.what, "removed");
        assert.match(error?.why.join() ?? "", /crash|exit/i);
        assert.deepStrictEqual(yield* historyLines, []);
        assert.deepStrictEqual(yield* leftovers, []);
        assert.include(yield* printed, "FailureReportSaved");
        const [event] = yield* outboxEvents;
        assert.deepInclude(event, {
          operation: "install",
          status: "failed",
          error_code: "InstallRemoved",
        });
        // The next one works once the cause is gone.
        const next = yield* runInstall({ options: { chart: GOOD } });
        assert.deepInclude(next.result, { _tag: "Installed", revision: 1 });
        assert.deepStrictEqual(yield* gateStates, { 1: "passed" });
      }).pipe(Effect.provide(world({ ...scenario, helm, charts: GOOD_CHARTS }))),
    );

    it.effect.each([HELM_3, HELM_4])(
      `${what} stays with --no-atomic until --recover, with Helm %s`,
      (helm) =>
        Effect.gen(function* () {
          const { error } = yield* runInstall({ options: { atomic: false } });
          assert.strictEqual(error?._tag, "InstallLeftInPlace");
          assert.strictEqual(error?.exitCode, 22);
          assert.lengthOf(yield* historyLines, 1);
          const next = yield* runInstall({ options: { chart: GOOD } });
          // Helm has it as deployed where nothing but the data plane failed: then it is tried again.
          if (scenario === CRASHING) {
            assert.deepInclude(next.result, { _tag: "Installed", revision: 2 });
            return;
          }
          assert.strictEqual(next.error?._tag, "InstallationUnfinished");
          assert.strictEqual(next.error?.exitCode, 13);
          const last = yield* runInstall({ options: { chart: GOOD, recover: true } });
          assert.deepInclude(last.result, { _tag: "Installed", revision: 1 });
        }).pipe(Effect.provide(world({ ...scenario, helm, charts: GOOD_CHARTS }))),
    );
  }

  it.effect("because the chart does not render writes nothing", () =>
    Effect.gen(function* () {
      const { error } = yield* runInstall();
      assert.strictEqual(error?._tag, "InstallNotStarted");
      assert.strictEqual(error?.exitCode, 23);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(
      Effect.provide(
        world({ ...EMPTY, chart: { ...tarsChart({ version: "1.2.0" }), fails: "bad value" } }),
      ),
    ),
  );

  it.effect("before Helm writes its record leaves nothing", () =>
    Effect.gen(function* () {
      yield* (yield* FakeCluster).inject({
        ...{ actor: "helm", verb: "create", kind: "Secret", dryRun: false },
        trouble: unreachable,
      });
      const { error } = yield* runInstall();
      assert.strictEqual(error?._tag, "InstallNotStarted");
      assert.deepStrictEqual(yield* leftovers, []);
    }).pipe(Effect.provide(world(EMPTY))),
  );
});
