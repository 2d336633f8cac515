/** `--plan`: what an upgrade would do, without doing any of it. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { Deployment, Secret } from "../../src/domain/kube/objects.ts";
import { FakeCluster, forbidden, runUpgrade, tarsChart, world, writesOf } from "../fakes/index.ts";
import { clusterObjects, realWrites, runUpgradeCli } from "./support.ts";

const planned = (flags: ReadonlyArray<string> = []) => runUpgradeCli(["--plan", ...flags]);

describe("--plan of a new version", () => {
  it.effect("shows values, CRDs, objects, images, pods and the budget: exit 3", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* planned(["--redis-type", "hosted"]);
      assert.strictEqual(code, 3);
      assert.deepStrictEqual(stdout, []);
      const text = stderr.join("\n");
      for (const line of [
        "[4/4] Plan",
        "plan for 1.1.0 → 1.2.0 (dry run)",
        '  kept         global.imagePullSecretName                          "acme-pull"',
        '  new default  images.controllers.tag                              "1.1.0" → "1.2.0"',
        '  overridden   redis.type                                          "cluster" → "hosted"',
        "  create  tarsupgrades.tars.tetrate.ai",
        "  change Deployment tars-system/envoy-gateway",
        "  gcr.io/acme/tars/envoy-gateway:1.1.0 → gcr.io/acme/tars/envoy-gateway:1.2.0 (Deployment envoy-gateway)",
        "  Deployment envoy-gateway in tars-system: 2 pods (spec.containers[envoy-gateway].image)",
        "  data plane egress in tars-dataplane: 2 pods (EnvoyProxy tars-egress changes)",
        "  --timeout 10m; draining 2 data-plane pods for up to 5m each",
      ]) {
        assert.include(text, line);
      }
    }).pipe(Effect.provide(world())),
  );

  it.effect("writes nothing at all, takes no lock and starts no Helm that does", () =>
    Effect.gen(function* () {
      const before = yield* clusterObjects;
      const { invocations } = yield* planned();
      assert.deepStrictEqual(yield* realWrites, []);
      assert.deepStrictEqual(invocations, []);
      assert.strictEqual(JSON.stringify(yield* clusterObjects), JSON.stringify(before));
    }).pipe(Effect.provide(world())),
  );

  it.effect("is what the upgrade then does", () =>
    Effect.gen(function* () {
      yield* planned();
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      const { code, stderr } = yield* planned();
      assert.strictEqual(
        stderr.at(-1),
        "No changes: the release already matches 1.2.0 with these values.",
      );
      assert.strictEqual(code, 0);
    }).pipe(Effect.provide(world())),
  );

  it.effect("says what goes", () =>
    Effect.gen(function* () {
      const { stderr } = yield* planned();
      assert.include(stderr, "  delete Deployment tars-system/ai-gateway");
    }).pipe(
      Effect.provide(
        world({ chart: tarsChart({ version: "1.2.0", workloads: ["envoy-gateway"] }) }),
      ),
    ),
  );

  it.effect("masks what is secret, wherever it stands", () =>
    Effect.gen(function* () {
      const header = "Bearer given-otel-token-4711";
      const { everything, stderr } = yield* planned(["--otel-exporter-auth-headers", header]);
      assert.notInclude(everything, "given-otel-token");
      assert.notInclude(everything, "acme-otel-token");
      assert.isTrue(
        stderr.some((line) =>
          /overridden +otelCollector.*Authorization +\*\*\* → \*\*\*/.test(line),
        ),
      );
    }).pipe(Effect.provide(world())),
  );
});

describe("--plan of what is there already", () => {
  it.effect("finds what was edited by hand", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const cluster = yield* FakeCluster;
      yield* cluster.edit(
        { type: Deployment, name: "ai-gateway", namespace: "tars-system" },
        (object) => JSON.parse(JSON.stringify(object).replace("ai-gateway:1.2.0", "ai-gateway:0")),
      );
      const { code, stderr } = yield* planned();
      assert.strictEqual(code, 3);
      assert.include(stderr.join("\n"), 'image: "gcr.io/acme/tars/ai-gateway:0" → ');
    }).pipe(Effect.provide(world())),
  );

  it.effect("finds a new key in the identity file", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const cluster = yield* FakeCluster;
      const ref = { type: Secret, name: "tars-identity", namespace: "tars-system" };
      yield* cluster.edit(ref, (object) => ({ ...object, data: { "identity.json": "e30=" } }));
      const { code, stderr } = yield* planned();
      assert.strictEqual(code, 3);
      assert.include(stderr, "  change Secret tars-identity: from the identity file");
    }).pipe(Effect.provide(world())),
  );

  it.effect("says what it may not look at", () =>
    Effect.gen(function* () {
      const { stderr } = yield* planned();
      assert.isTrue(stderr.some((line) => line.startsWith("  ConfigMap tars-system/tars-config:")));
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(
      Effect.provide(
        world({
          faults: [{ actor: "tare", verb: "get", name: "tars-config", trouble: forbidden }],
        }),
      ),
    ),
  );
});

describe("a plan of a release that is stuck", () => {
  const revisions = [{ status: "deployed" }, { status: "pending-upgrade" }] as const;

  it.effect("refuses with --recover too, and names the upgrade that recovers, not itself", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* runUpgradeCli(["--plan", "--recover"]);
      assert.strictEqual(code, 13);
      const commands = stderr.filter((line) => line.startsWith("tare upgrade "));
      assert.isNotEmpty(commands);
      for (const command of commands) {
        assert.include(command, "--recover");
        assert.notInclude(command, "--plan");
      }
    }).pipe(Effect.provide(world({ revisions }))),
  );
});
