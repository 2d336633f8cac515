/** Everything that stops an upgrade before it changes anything. */
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Fiber } from "effect";
import type { OperatorError } from "../../src/errors.ts";
import {
  crd,
  ENVOY_PROXY,
  FakeCluster,
  forbidden,
  GATEWAY,
  HELM_4,
  hang,
  hintsOf,
  historyLines,
  INSTALLED_VALUES,
  outboxEvents,
  Recorder,
  runUpgrade,
  TARS_EGRESS,
  tarsChart,
  unreachable,
  withField,
  world,
  writesOf,
} from "../fakes/index.ts";

const page = (error: OperatorError | undefined): ReadonlyArray<string> =>
  error === undefined
    ? []
    : [
        error.what,
        ...error.why,
        ...hintsOf(error).flatMap(({ title, commands }) => ["", title, ...commands]),
      ];

const assertNothingWritten = Effect.gen(function* () {
  assert.deepStrictEqual(yield* writesOf("tare"), []);
  assert.deepStrictEqual(yield* writesOf("helm"), []);
  assert.deepStrictEqual(yield* outboxEvents, []);
});

const SINGLE_REPLICA = { ...INSTALLED_VALUES, ha: { enabled: false } };

describe("a single-replica data plane", () => {
  it.effect("is refused in the words of the product page", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "SingleReplica");
      assert.strictEqual(error?.exitCode, 12);
      assert.deepStrictEqual(page(error), [
        "data-plane Envoy is single-replica (envoyHpa.minReplicas=1).",
        "Upgrading now will RST in-flight LLM streams.",
        "",
        "Fix HA first (idempotent, takes ~1m):",
        "tare install --ha identity.json",
        "",
        "Or force this upgrade with downtime:",
        "tare upgrade identity.json --allow-downtime",
      ]);
      yield* assertNothingWritten;
    }).pipe(Effect.provide(world({ values: SINGLE_REPLICA }))),
  );

  it.effect("is upgraded with --allow-downtime", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade({ options: { allowDowntime: true } });
      assert.strictEqual(result?.dataPlane, "Settled");
      const { events } = yield* Recorder;
      const checked = (yield* events).find((event) => event._tag === "HaChecked");
      assert.deepInclude(checked, { allowDowntime: true });
    }).pipe(Effect.provide(world({ values: SINGLE_REPLICA }))),
  );

  it.effect("is what an EnvoyProxy without minReplicas has", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.edit(
        TARS_EGRESS,
        withField("spec.provider.kubernetes.envoyHpa", { maxReplicas: 10 }),
      );
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "SingleReplica");
    }).pipe(Effect.provide(world())),
  );

  it.effect("is named when it is the lowest of several", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.seed(TARS_EGRESS.type, {
        apiVersion: "gateway.envoyproxy.io/v1alpha1",
        kind: "EnvoyProxy",
        metadata: { name: "second", namespace: "tars-system" },
        spec: { provider: { kubernetes: { envoyHpa: { minReplicas: 1 } } } },
      });
      const { error } = yield* runUpgrade();
      assert.strictEqual(
        error?.what,
        "data-plane Envoy is single-replica (envoyHpa.minReplicas=1, EnvoyProxy second, the lowest of 2).",
      );
    }).pipe(Effect.provide(world())),
  );
});

describe("an HA preflight that cannot know", () => {
  const verdict = Effect.gen(function* () {
    const { events } = yield* Recorder;
    const checked = (yield* events).find((event) => event._tag === "HaChecked");
    return checked?._tag === "HaChecked" ? checked.verdict : undefined;
  });

  it.effect("goes on without an EnvoyProxy, and says so", () =>
    Effect.gen(function* () {
      yield* (yield* FakeCluster).remove(TARS_EGRESS);
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      assert.deepStrictEqual(yield* verdict, {
        _tag: "Unknown",
        why: { _tag: "NoEnvoyProxy" },
      });
    }).pipe(Effect.provide(world())),
  );

  it.effect("goes on when the EnvoyProxy may not be read, and says so", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      const known = yield* verdict;
      assert.strictEqual(known?._tag, "Unknown");
      assert.match(
        known?._tag === "Unknown" && known.why._tag === "Unreadable" ? known.why.detail : "",
        /^list envoyproxies in tars-system: /,
      );
    }).pipe(
      Effect.provide(
        world({
          faults: [{ trouble: forbidden, actor: "tare", kind: "EnvoyProxy", times: 2 }],
        }),
      ),
    ),
  );
});

describe("the preflight", () => {
  it.effect("lists everything that is wrong at once", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "PreflightFailed");
      assert.strictEqual(error?.exitCode, 10);
      assert.deepStrictEqual(error?.why, [
        "Helm: helm not found (looked in ~/.tare/tools, PATH)",
        "cluster: read the server's version: https://cluster.example:6443 does not answer: connect ECONNREFUSED 192.0.2.1:6443",
      ]);
      yield* assertNothingWritten;
    }).pipe(
      Effect.provide(
        world({ missingTools: ["helm", "kubectl"], faults: [{ trouble: unreachable }] }),
      ),
    ),
  );

  it.effect("refuses a Helm it does not know", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.deepStrictEqual(error?.why, ["Helm: v2.17.0 is not supported; Helm 3 or 4 is needed"]);
    }).pipe(Effect.provide(world({ helm: "v2.17.0" }))),
  );

  it.effect("ends when the API server hangs", () =>
    Effect.gen(function* () {
      const { error, elapsed } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "PreflightFailed");
      assert.isAtMost(elapsed, 31_000);
    }).pipe(Effect.provide(world({ faults: [{ trouble: hang }] }))),
  );

  it.effect("warns about what does not stop it", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      assert.deepStrictEqual(yield* (yield* Recorder).warnings, [
        "kubectl not found (looked in ~/.tare/tools, PATH): only the commands printed for you need it",
        "Kubernetes v1.32.4 is older than 1.33: ext-proc may refuse new streams while a pod drains",
        "metrics-server is present but unavailable (MissingEndpoints): the HPA keeps its minimum of replicas but cannot scale under load",
      ]);
    }).pipe(
      Effect.provide(
        world({ kubernetes: "v1.32.4", missingTools: ["kubectl"], metrics: "unavailable" }),
      ),
    ),
  );

  it.effect("says nothing of metrics when HA is off", () =>
    Effect.gen(function* () {
      yield* runUpgrade({ options: { ha: false } });
      const told = yield* (yield* Recorder).warnings;
      assert.isFalse(told.some((one) => one.includes("metrics")));
      // The release has HA, and is about to lose it.
      assert.strictEqual(told.length, 1);
    }).pipe(Effect.provide(world({ metrics: "absent" }))),
  );

  it.effect("is skipped with --skip-preflight, and nothing else is", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options: { skipPreflight: true } });
      // The preflight would have refused this Helm; the HA check still refuses the data plane.
      assert.strictEqual(error?._tag, "SingleReplica");
      const { events } = yield* Recorder;
      assert.deepInclude(yield* events, { _tag: "PreflightSkipped" });
    }).pipe(Effect.provide(world({ helm: "v2.17.0", values: SINGLE_REPLICA }))),
  );

  it.effect("that is skipped leaves it to the next phase to find the API server down", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options: { skipPreflight: true } });
      assert.strictEqual(error?._tag, "ClusterUnavailable");
      assert.strictEqual(error?.exitCode, 10);
    }).pipe(Effect.provide(world({ faults: [{ trouble: unreachable }] }))),
  );
});

describe("the timeout", () => {
  it.effect("shorter than a drain and the start of new proxies is a warning with the numbers", () =>
    Effect.gen(function* () {
      yield* runUpgrade({ options: { timeout: Duration.minutes(5) } });
      assert.deepStrictEqual(yield* (yield* Recorder).warnings, [
        "--timeout 5m is shorter than a drain (5m) and the start of new proxies (1m): the upgrade can run out of time while streams end",
      ]);
    }).pipe(Effect.provide(world())),
  );
});

describe("the release", () => {
  it.effect("is not installed when it is not there", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?.exitCode, 11);
      assert.deepStrictEqual(page(error), [
        "no release tars in namespace tars-system",
        "nothing is installed there yet, and tare upgrade never installs afresh",
        "",
        "Install it first:",
        "tare install identity.json",
      ]);
      yield* assertNothingWritten;
    }).pipe(Effect.provide(world({ revisions: [] }))),
  );

  it.effect.each(["v3.21.4", HELM_4])("elsewhere is named, with Helm %s", (helm) =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.deepStrictEqual(page(error), [
        "no release tars in namespace tars-system",
        "there is a TARS release gateway in namespace llm",
        "",
        "Upgrade gateway in llm:",
        "tare upgrade identity.json --release-name gateway --system-namespace llm",
      ]);
    }).pipe(Effect.provide(world({ helm, release: { name: "gateway", namespace: "llm" } }))),
  );

  it.effect("that is pending is left alone, with the way out", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "OperationInProgress");
      assert.strictEqual(error?.exitCode, 13);
      assert.deepStrictEqual(page(error), [
        "release tars is pending-upgrade (revision 2): Helm refuses to touch it",
        "an upgrade that began 1969-12-02T00:00:00Z is still running, or was killed before it could finish",
        "",
        "See the release's history:",
        "helm history tars -n tars-system",
        "",
        "Recover (roll back to revision 1, verify) and upgrade:",
        "tare upgrade identity.json --recover",
      ]);
      yield* assertNothingWritten;
    }).pipe(
      Effect.provide(world({ revisions: [{ status: "deployed" }, { status: "pending-upgrade" }] })),
    ),
  );

  it.effect("that was uninstalled with its history kept is not upgraded", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "NoDeployedRevision");
      assert.deepStrictEqual(error?.why, [
        "its newest revision is uninstalled: there is nothing to upgrade from",
      ]);
    }).pipe(
      Effect.provide(world({ revisions: [{ status: "superseded" }, { status: "uninstalled" }] })),
    ),
  );

  it.effect("stays when its chart cannot be found", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({
        options: { chart: { _tag: "Local", path: "/no/such/chart" } },
      });
      assert.strictEqual(error?._tag, "ChartUnusable");
      assert.strictEqual(error?.exitCode, 23);
      yield* assertNothingWritten;
    }).pipe(Effect.provide(world())),
  );

  it.effect("is upgraded to another chart than the embedded one", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade({
        options: { chart: { _tag: "Local", path: "/charts/tars-1.3.0" } },
      });
      assert.strictEqual(result?.toVersion, "1.3.0");
    }).pipe(
      Effect.provide(world({ charts: { "/charts/tars-1.3.0": tarsChart({ version: "1.3.0" }) } })),
    ),
  );

  it.effect("is not upgraded twice at once", () =>
    Effect.gen(function* () {
      const first = yield* Effect.forkChild(runUpgrade({ limit: "10 seconds" }).pipe(Effect.exit));
      yield* Effect.yieldNow;
      const second = yield* Effect.forkChild(runUpgrade());
      const { error } = yield* Fiber.join(second);
      assert.strictEqual(error?._tag, "AnotherRunHoldsTheLock");
      assert.strictEqual(error?.exitCode, 13);
      yield* Fiber.interrupt(first);
    }).pipe(Effect.provide(world())),
  );
});

describe("a release with ten revisions", () => {
  it.effect("is read in the order of its revisions, not of their names", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 12);
      assert.strictEqual(result?.rollbackRevision, 11);
      const lines = yield* historyLines;
      assert.strictEqual(lines.length, 10);
      assert.strictEqual(lines[0], "3 superseded Upgrade complete");
    }).pipe(
      Effect.provide(
        world({
          revisions: [
            ...Array.from({ length: 10 }, () => ({ status: "superseded" as const })),
            { status: "deployed" },
          ],
        }),
      ),
    ),
  );
});

describe("a cluster without our CRDs", () => {
  it.effect("fails the HA check softly and gets them", () =>
    Effect.gen(function* () {
      const { events } = yield* Recorder;
      yield* runUpgrade();
      const applied = (yield* events).find((event) => event._tag === "CrdsApplied");
      assert.deepStrictEqual(applied, {
        _tag: "CrdsApplied",
        counts: { created: 2, updated: 1, skipped: 0 },
      });
    }).pipe(
      Effect.provide(
        world({
          crds: [crd({ ...GATEWAY, bundle: "v1.4.0" })],
          chart: tarsChart({
            version: "1.2.0",
            crds: [crd(GATEWAY), crd(ENVOY_PROXY), crd({ ...ENVOY_PROXY, plural: "others" })],
          }),
        }),
      ),
    ),
  );
});
