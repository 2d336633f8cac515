/** `tare install --plan`: what an installation would do, without doing any of it. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { Namespace, Secret } from "../../src/domain/kube/objects.ts";
import {
  EMPTY,
  FakeCluster,
  FakePrompts,
  historyLines,
  type Scenario,
  tarsChart,
  world,
  writesOf,
} from "../fakes/index.ts";
import { recordsOf, summaryOf } from "../output-schema.ts";
import {
  type CliOptions,
  clusterObjects,
  PULL_CONFIG,
  PULL_PASSWORD,
  realWrites,
  runInstallCli,
} from "./support.ts";

const planned = (flags: ReadonlyArray<string> = [], options: CliOptions = {}) =>
  runInstallCli(["--plan", ...flags], options);

describe("a plan of a first installation", () => {
  it.effect("shows all that would be made: exit 3", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout, everything } = yield* planned(
        ["--image-registry", "gcr.io/acme/tars"],
        { env: { TARE_IMAGE_PULL_SECRET: PULL_CONFIG } },
      );
      assert.strictEqual(code, 3, everything);
      assert.deepStrictEqual(stdout, []);
      for (const line of [
        "[2/3] Configuration",
        "[3/3] Plan",
        "plan for a first installation of 1.2.0 (dry run)",
        "  create  envoyproxies.gateway.envoyproxy.io",
        "  create Namespace tars-system",
        "  create Namespace tars-dataplane",
        "  create Secret tars-system/tars-image-pull",
        "  create Secret tars-dataplane/tars-image-pull",
        "  write Secret tars-identity: from the identity file",
        "  create Deployment tars-system/envoy-gateway",
        "  --timeout 10m",
        "  namespace tars-system is not there yet: what policies, quotas and webhooks say to the objects and pods in it",
      ]) {
        assert.include(stderr, line);
      }
      assert.notInclude(everything, PULL_PASSWORD);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("writes nothing, asks nothing, takes no lock and starts no Helm that writes", () =>
    Effect.gen(function* () {
      const before = yield* clusterObjects;
      const { invocations } = yield* planned();
      assert.deepStrictEqual(yield* realWrites, []);
      assert.deepStrictEqual(invocations, []);
      assert.deepStrictEqual(yield* (yield* FakePrompts).asked, []);
      assert.strictEqual(JSON.stringify(yield* clusterObjects), JSON.stringify(before));
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("names every object that the installation then makes, and no other", () =>
    Effect.gen(function* () {
      const { stdout } = yield* planned(["--output", "json"]);
      const plan = recordsOf(stdout).find((one) => one.type === "plan");
      assert.deepInclude(summaryOf(stdout), { outcome: "changes", exitCode: 3 });
      assert.deepInclude(plan, { isFirst: true, hasChanges: true, identityChanges: true });
      const made = plan?.type === "plan" ? plan.objects : [];
      assert.deepStrictEqual([...new Set(made.map(({ action }) => action))], ["create"]);
      const names = made.map(({ kind, name }) => `${kind} ${name}`).sort();
      const run = yield* runInstallCli(["--yes"]);
      assert.strictEqual(run.code, 0, run.everything);
      const there = new Set(
        (yield* clusterObjects).map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      );
      assert.deepStrictEqual(
        names.filter((name) => !there.has(name)),
        [],
      );
      const again = yield* planned();
      assert.strictEqual(again.code, 0, again.everything);
      assert.strictEqual(
        again.stderr.at(-1),
        "No changes: the release already matches 1.2.0 with these values.",
      );
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

describe("a plan of an installation on a release that runs", () => {
  it.effect("shows the value that changes and what follows from it", () =>
    Effect.gen(function* () {
      yield* runInstallCli(["--yes"]);
      const { code, stderr, everything } = yield* planned(["--image-registry", "other.example"]);
      assert.strictEqual(code, 3, everything);
      const text = stderr.join("\n");
      assert.match(text, /^ {2}overridden +global\.imageRegistry +\(none\) → "other\.example"$/m);
      assert.include(
        text,
        "docker.io/tars/envoy-gateway:1.2.0 → other.example/envoy-gateway:1.2.0",
      );
      assert.notInclude(text, "create Namespace");
      assert.include(text, "draining 2 data-plane pods for up to 5m each");
      assert.lengthOf(yield* historyLines, 1);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("that would leave it alone finds secrets alone, whatever else differs", () =>
    Effect.gen(function* () {
      const registry = ["--image-registry", "gcr.io/acme/tars"];
      yield* runInstallCli(["--yes", ...registry], {
        env: { TARE_IMAGE_PULL_SECRET: PULL_CONFIG },
      });
      const cluster = yield* FakeCluster;
      yield* cluster.edit(
        { type: Secret, name: "tars-image-pull", namespace: "tars-dataplane" },
        (object) => ({ ...object, data: { ".dockerconfigjson": "e30=" } }),
      );
      const { code, stderr } = yield* planned([], { env: { TARE_IMAGE_PULL_SECRET: PULL_CONFIG } });
      assert.strictEqual(code, 3);
      assert.deepStrictEqual(
        stderr.filter((line) => /^ {2}(create|change|write) /.test(line)),
        ["  change Secret tars-dataplane/tars-image-pull"],
      );
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

describe("a plan is refused as the installation would be", () => {
  it.effect.each([
    ["another version", {}, 10],
    ["another chart", { installed: { ...tarsChart({ version: "1.2.0" }), name: "redis" } }, 10],
    ["a husk", { ...EMPTY, revisions: [{ status: "failed" }] }, 13],
    [
      "a release that did not end",
      { revisions: [{ status: "deployed" }, { status: "pending-upgrade" }] },
      13,
    ],
    [
      "a chart that does not render",
      { ...EMPTY, chart: { ...tarsChart({ version: "1.2.0" }), fails: "bad" } },
      23,
    ],
    [
      "a namespace that is being deleted",
      {
        ...EMPTY,
        beside: [
          [
            Namespace,
            {
              apiVersion: "v1",
              kind: "Namespace",
              metadata: { name: "tars-system", deletionTimestamp: "2026-11-28T10:00:00Z" },
            },
          ],
        ],
      },
      10,
    ],
  ] satisfies ReadonlyArray<readonly [string, Scenario, number]>)("by %s", ([_, scenario, code]) =>
    Effect.gen(function* () {
      const plan = yield* planned();
      assert.strictEqual(plan.code, code, plan.everything);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
      for (const line of plan.stderr.filter((one) => /^tare .*--recover/.test(one))) {
        assert.notInclude(line, "--plan");
      }
      const run = yield* runInstallCli(["--yes"]);
      assert.strictEqual(run.code, code, run.everything);
    }).pipe(Effect.provide(world(scenario))),
  );

  it.effect("lists what is missing", () =>
    Effect.gen(function* () {
      const { code, everything } = yield* planned(["--deployment-mode", "saas"]);
      assert.strictEqual(code, 2);
      assert.include(everything, "2 values are missing");
    }).pipe(Effect.provide(world(EMPTY))),
  );
});
