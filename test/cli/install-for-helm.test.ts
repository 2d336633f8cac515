/** `tare install` for a team that runs Helm itself. */
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { parse } from "yaml";
import { CustomResourceDefinition } from "../../src/domain/kube/objects.ts";
import {
  EMPTY,
  FakeCluster,
  FakePrompts,
  HELM_3,
  HELM_4,
  tarsChart,
  world,
  writesOf,
} from "../fakes/index.ts";
import { recordsOf, summaryOf } from "../output-schema.ts";
import {
  clusterObjects,
  PULL_CONFIG,
  PULL_PASSWORD,
  realWrites,
  runInstallCli,
} from "./support.ts";

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tare-values-"))),
  (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
);

describe("--print-values", () => {
  it.effect("has the values on stdout, alone, and they are what Helm would be given", () =>
    Effect.gen(function* () {
      const flags = ["--image-registry", "gcr.io/acme/tars", "--customer", "acme", "--no-ha"];
      const run = yield* runInstallCli(["--print-values", ...flags], {
        env: { TARE_IMAGE_PULL_SECRET: PULL_CONFIG },
      });
      assert.strictEqual(run.code, 0, run.everything);
      assert.deepStrictEqual(run.invocations, []);
      assert.deepStrictEqual(yield* realWrites, []);
      assert.deepStrictEqual(yield* (yield* FakePrompts).asked, []);
      assert.notInclude(run.everything, PULL_PASSWORD);
      const installed = yield* runInstallCli(["--yes", ...flags], {
        env: { TARE_IMAGE_PULL_SECRET: PULL_CONFIG },
      });
      assert.deepStrictEqual(parse(run.stdout.join("\n")), installed.values);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect.each([
    [HELM_3, "--wait --atomic"],
    [HELM_4, "--wait=legacy --rollback-on-failure"],
  ] as const)("prints the command that goes with them, for Helm %s", ([helm, waiting]) =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(["--print-values", "--chart-path", "/charts/good"]);
      assert.deepStrictEqual(run.stderr.slice(-7), [
        "First the CRDs, which Helm neither creates nor updates:",
        "tare install identity.json --crds-only --chart-path /charts/good",
        "Once, the namespace and the identity in it:",
        "kubectl create namespace tars-system --context prod",
        "kubectl create secret generic tars-identity -n tars-system --from-file=identity.json=identity.json --context prod",
        "Then the release:",
        `helm upgrade tars /charts/good --install --namespace tars-system --values values.yaml --reset-values --skip-crds --timeout 10m ${waiting} --kube-context prod`,
      ]);
    }).pipe(
      Effect.provide(
        world({ ...EMPTY, helm, charts: { "/charts/good": tarsChart({ version: "1.2.0" }) } }),
      ),
    ),
  );

  it.effect("keeps all values of a release that runs", () =>
    Effect.gen(function* () {
      const values = { gateway: { service: { type: "LoadBalancer" } }, odd: ["0123", null, 1] };
      yield* runInstallCli(["--yes", "--values", JSON.stringify(values)]);
      const run = yield* runInstallCli(["--print-values", "--customer", "acme"]);
      assert.deepInclude(parse(run.stdout.join("\n")), values);
      assert.notInclude(run.everything, "kubectl create namespace");
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("is refused over another version, as the installation is", () =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(["--print-values"]);
      assert.strictEqual(run.code, 10);
      assert.deepStrictEqual(run.stdout, []);
    }).pipe(Effect.provide(world())),
  );
});

describe("--values-out", () => {
  it.effect("writes them for their owner alone", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "values.yaml");
      const run = yield* runInstallCli(["--values-out", file, "--output", "json"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.strictEqual(statSync(file).mode & 0o777, 0o600);
      assert.deepInclude(parse(readFileSync(file, "utf8")), { ha: { enabled: true } });
      assert.deepStrictEqual(yield* realWrites, []);
      assert.isTrue(recordsOf(run.stdout).some((one) => one.type === "ready-for-helm"));
      assert.isTrue(
        summaryOf(run.stdout).hints.some(({ commands }) => commands.join().includes(file)),
      );
    }).pipe(Effect.scoped, Effect.provide(world(EMPTY))),
  );

  it.effect("leaves what is there as it is, a link to nothing too", () =>
    Effect.gen(function* () {
      const made = yield* folder;
      const [file, link, target] = ["there", "link", "target"].map((name) => join(made, name));
      writeFileSync(file as string, "kept");
      symlinkSync(target as string, link as string);
      for (const one of [file, link, made, join(made, "no", "such")]) {
        const run = yield* runInstallCli(["--values-out", one as string]);
        assert.strictEqual(run.code, 2, run.everything);
      }
      assert.strictEqual(readFileSync(file as string, "utf8"), "kept");
      assert.throws(() => statSync(target as string));
    }).pipe(Effect.scoped, Effect.provide(world(EMPTY))),
  );
});

describe("--crds-only", () => {
  it.effect("makes CRDs and nothing else, without a question", () =>
    Effect.gen(function* () {
      const before = yield* clusterObjects;
      const run = yield* runInstallCli(["--crds-only"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.include(run.stderr, "[3/3] Apply / update CRDs");
      assert.include(run.stderr, "4 created, 0 updated, 0 skipped");
      assert.include(run.everything, "tare install identity.json --values-out values.yaml");
      assert.deepStrictEqual(run.stdout, []);
      assert.deepStrictEqual(run.invocations, []);
      const others = (objects: typeof before) =>
        objects.filter(({ kind }) => kind !== CustomResourceDefinition.kind && kind !== "Lease");
      assert.deepStrictEqual(others(yield* clusterObjects), others(before));
      assert.deepStrictEqual(yield* (yield* FakePrompts).asked, []);
      const again = yield* runInstallCli(["--crds-only"]);
      assert.include(again.stderr, "0 created, 0 updated, 4 skipped");
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("leaves the CRDs of another version to the upgrade", () =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(["--crds-only"]);
      assert.strictEqual(run.code, 10);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.provide(world())),
  );
});

describe("modes", () => {
  it.effect.each([
    { flags: ["--plan", "--crds-only"] },
    { flags: ["--plan", "--print-values"] },
    { flags: ["--crds-only", "--values-out", "values.yaml"] },
    { flags: ["--print-values", "--output", "json"] },
    { flags: ["--values-out", ""] },
    { flags: ["--values-out", "-"] },
  ])("$flags are refused before anything is read", ({ flags }) =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(flags);
      assert.strictEqual(run.code, 2, run.everything);
      const requests = yield* (yield* FakeCluster).requests;
      // Which cluster it would have been is asked for the hints.
      assert.deepStrictEqual(
        requests.filter(({ verb }) => verb !== "target"),
        [],
      );
    }).pipe(Effect.provide(world(EMPTY))),
  );
});
