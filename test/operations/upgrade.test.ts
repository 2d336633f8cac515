import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect } from "effect";
import { CLI_VERSION } from "../../src/version.ts";
import {
  dataPlane,
  EGRESS,
  FakeCluster,
  FakeHelm,
  gateStates,
  HELM_3,
  HELM_4,
  historyLines,
  outboxEvents,
  Recorder,
  restarted,
  runUpgrade,
  tarsChart,
  world,
  writesOf,
} from "../fakes/index.ts";

const titles = Effect.gen(function* () {
  const { events } = yield* Recorder;
  return (yield* events).map((event) =>
    event._tag === "PhaseStarted"
      ? `[${event.phase.index}/${event.phase.total}] ${event.phase.title}`
      : event._tag,
  );
});

describe("an upgrade that works", () => {
  it.effect.each([HELM_3, HELM_4])("reports its steps in the printed order, with Helm %s", (helm) =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.deepStrictEqual(result, {
        revision: 2,
        fromVersion: "1.1.0",
        toVersion: "1.2.0",
        dataPlane: "Settled",
        rollbackRevision: 1,
        notes: undefined,
        idle: [],
        rollbackTakesOver: false,
      });
      const printed = (yield* titles).filter(
        (line) =>
          !/^(PhaseFinished|DataPlaneProgress|StreamsProgress|Rollout|CrdWritten)/.test(line),
      );
      assert.deepStrictEqual(printed, [
        "[1/5] Preflight (Helm / kubectl / cluster)",
        "[2/5] Discover existing release",
        "ReleaseFound",
        "CarriedForward",
        "[3/5] HA preflight",
        "HaChecked",
        "DrainChecked",
        "ChartChosen",
        "[4/5] Apply / update CRDs",
        "CrdsBackedUp",
        "CrdsApplied",
        "[5/5] Helm upgrade",
        "HelmUpgradeStarted",
        "StreamsCounted",
      ]);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 deployed Upgrade complete",
      ]);
      assert.strictEqual(yield* dataPlane, "gcr.io/acme/tars/envoy:envoy-1.2.0 2/2");
    }).pipe(Effect.provide(world({ helm }))),
  );

  it.effect.each([
    [HELM_3, "--wait", "--atomic"],
    [HELM_4, "--wait=legacy", "--rollback-on-failure"],
  ] as const)("gives Helm %s its flags, and the values in a file", ([helm, wait, atomic]) =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const [invocation, ...others] = yield* (yield* FakeHelm).invocations;
      assert.deepStrictEqual(others, []);
      assert.deepStrictEqual(invocation?.args, [
        "upgrade",
        "tars",
        "/embedded/chart",
        "--install",
        "--namespace",
        "tars-system",
        "--values",
        "/tmp/tare-values-1/values.json",
        "--reset-values",
        "--skip-crds",
        "--timeout",
        "10m",
        wait,
        atomic,
      ]);
      assert.deepStrictEqual(invocation?.values, {
        global: {
          imageRegistry: "gcr.io/acme/tars",
          customer: "acme",
          environment: "",
          deploymentMode: "enterprise",
          serveUrl: "https://llm.acme.example",
          imagePullSecretName: "acme-pull",
          dataplaneNamespace: "tars-dataplane",
        },
        otelCollector: {
          enabled: true,
          exporters: {
            otlp: {
              endpoint: "otel.acme.example:4317",
              headers: { Authorization: "Bearer acme-otel-token-0123456789" },
            },
          },
        },
        ha: { enabled: true },
        shutdown: { drainTimeout: "300s" },
        redis: { type: "cluster" },
        rateLimiting: { enabled: true },
      });
    }).pipe(Effect.provide(world({ helm }))),
  );

  it.effect("records that the data plane passed its gate, after everything else was written", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      assert.deepStrictEqual(yield* gateStates, { 2: "passed" });
      const [event] = yield* outboxEvents;
      assert.deepStrictEqual(yield* writesOf("tare"), [
        "apply CustomResourceDefinition tarsupgrades.tars.tetrate.ai",
        "apply CustomResourceDefinition gateways.gateway.networking.k8s.io",
        "apply CustomResourceDefinition envoyproxies.gateway.envoyproxy.io",
        "apply Secret tars-system/tars-identity",
        "apply ConfigMap tars-system/tare-gate-tars",
        "apply ConfigMap tars-system/tare-gate-tars",
        `apply ConfigMap tars-system/tare-event-upgrade-${event?.event_id}`,
      ]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("tells the deployment history one thing", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const [event, ...others] = yield* outboxEvents;
      assert.deepStrictEqual(others, []);
      const { event_id, ...told } = event ?? { event_id: "" };
      assert.match(
        event_id,
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      assert.deepStrictEqual(told, {
        schema_version: 1,
        operation: "upgrade",
        status: "success",
        release: "tars",
        namespace: "tars-system",
        helm_revision: 2,
        from_version: "1.1.0",
        to_version: "1.2.0",
        chart_version: "1.2.0",
        actor: { user: "operator", host: "build-1" },
        streams: { open_at_start: 0, cut: 0 },
        started_at: "1970-01-01T00:00:00.800Z",
        finished_at: "1970-01-01T00:00:29.100Z",
        cli_version: CLI_VERSION,
        workspace_id: "ws-1",
        source: "cli",
      });
    }).pipe(Effect.provide(world())),
  );

  it.effect("to the same version runs Helm all the same, and names no versions in its event", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      const [event] = yield* outboxEvents;
      assert.notProperty(event, "from_version");
      assert.notProperty(event, "to_version");
    }).pipe(
      Effect.provide(
        world({
          installed: tarsChart({ version: "1.2.0" }),
          chart: tarsChart({ version: "1.2.0" }),
        }),
      ),
    ),
  );

  it.effect("gives the lock back", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const second = yield* runUpgrade();
      assert.strictEqual(second.result?.revision, 3);
      assert.deepStrictEqual(yield* gateStates, { 2: "passed", 3: "passed" });
    }).pipe(Effect.provide(world())),
  );
});

describe("the settling time", () => {
  const gateMillis = Effect.fnUntraced(function* (settleTime: Duration.Duration) {
    const { elapsed } = yield* runUpgrade({ options: { settleTime } });
    return elapsed;
  });

  it.effect("is waited for in full, and no longer", () =>
    Effect.gen(function* () {
      const [short, long] = [Duration.seconds(15), Duration.seconds(60)];
      const first = yield* gateMillis(short).pipe(Effect.provide(world(), { local: true }));
      const second = yield* gateMillis(long).pipe(Effect.provide(world(), { local: true }));
      assert.strictEqual(second - first, 45_000);
    }),
  );

  it.effect("starts anew when the data plane changes meanwhile", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const { result, elapsed } = yield* Effect.gen(function* () {
        yield* Effect.forkChild(
          Effect.andThen(Effect.sleep("20 seconds"), cluster.edit(EGRESS, restarted)),
        );
        return yield* runUpgrade();
      });
      assert.strictEqual(result?.dataPlane, "Settled");
      // Without the restart at 20 s it ends at 28.7 s.
      assert.isAbove(elapsed, 20_000 + 10_000 + 15_000);
    }).pipe(Effect.provide(world())),
  );
});
