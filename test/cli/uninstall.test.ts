import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { Gateway } from "../../src/domain/kube/objects.ts";
import { EMPTY, FakeCluster, FakePrompts, world, writesOf } from "../fakes/index.ts";
import { type CliOptions, runCli } from "./support.ts";

const run = (flags: ReadonlyArray<string> = [], options: CliOptions = {}) =>
  runCli(["uninstall", "FOLDER/identity.json", ...flags], options);

const install = runCli(["install", "FOLDER/identity.json", "--yes"]);

describe("tare uninstall", () => {
  it.effect("says what it does, from the plan to what stays", () =>
    Effect.gen(function* () {
      yield* install;
      const { code, stdout, stderr, everything } = yield* run(["--yes"]);
      assert.strictEqual(code, 0, everything);
      assert.deepStrictEqual(stdout, []);
      assert.deepStrictEqual(
        stderr.filter((line) => !line.startsWith("other objects to delete: ")),
        [
          "[1/6] Preflight",
          "uninstalling release tars in tars-system (version 1.2.0, revision 1), data plane in tars-dataplane",
          "cluster https://cluster.example:6443 (context prod)",
          "custom resources to delete: Gateway tars-dataplane/egress, EnvoyProxy tars-system/tars-egress",
          "namespaces to delete: tars-dataplane, tars-system",
          "3 CRDs to delete",
          "CRD gateways.gateway.networking.k8s.io stays: of the Gateway API, which others may use (--delete-shared-crds)",
          "[2/6] Custom resources",
          "Gateway tars-dataplane/egress deleted",
          "EnvoyProxy tars-system/tars-egress deleted",
          "[3/6] helm uninstall",
          "helm uninstall tars, timeout 10m",
          "2 events sent to the management plane",
          "[4/6] Namespaces",
          "Namespace tars-dataplane deleted",
          "Namespace tars-system deleted",
          "[5/6] Finalizers that still hold them",
          "[6/6] CRDs",
          "3 CRDs deleted",
          "Uninstallation completed.",
          "CRD gateways.gateway.networking.k8s.io stays: of the Gateway API, which others may use (--delete-shared-crds)",
          "Not undone: the URL is still registered with the management plane, the identity is valid, and backups and reports of this machine are kept.",
        ],
      );
      const again = yield* run(["--yes"]);
      assert.strictEqual(again.code, 0);
      assert.deepStrictEqual(again.stderr.slice(0, 2), [
        "[1/6] Preflight",
        "nothing to uninstall: there is no release tars in tars-system",
      ]);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("ends with a summary in JSON, and without a change as unchanged", () =>
    Effect.gen(function* () {
      yield* install;
      const summaryOf = (stdout: ReadonlyArray<string>) => JSON.parse(stdout.at(-1) ?? "");
      const rehearsed = yield* run(["--dry-run", "--output", "json"]);
      assert.strictEqual(rehearsed.code, 0, rehearsed.everything);
      assert.deepInclude(summaryOf(rehearsed.stdout), { outcome: "unchanged", exitCode: 0 });
      const { stdout } = yield* run(["--yes", "--output", "json"]);
      const types = stdout.map((line) => JSON.parse(line).type);
      assert.includeMembers(types, ["uninstall-planned", "objects-deleted", "uninstalled"]);
      assert.deepInclude(summaryOf(stdout), { outcome: "succeeded", exitCode: 0 });
      const again = yield* run(["--yes", "--output", "json"]);
      assert.deepInclude(summaryOf(again.stdout), { outcome: "unchanged", exitCode: 0 });
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("begins nothing without a yes, and names the command", () =>
    Effect.gen(function* () {
      yield* install;
      const before = yield* writesOf("tare");
      const unattended = yield* run(["--keep-crds"]);
      assert.strictEqual(unattended.code, 2);
      assert.include(unattended.everything, "tare uninstall identity.json --yes --keep-crds");
      yield* (yield* FakePrompts).answerWith({ confirm: true, typed: "yes" });
      assert.strictEqual((yield* run()).code, 2);
      assert.deepStrictEqual(yield* writesOf("tare"), before);
      yield* (yield* FakePrompts).answerWith({ confirm: true, typed: "tars" });
      assert.strictEqual((yield* run()).code, 0);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("is refused where others use it, with the command that goes on", () =>
    Effect.gen(function* () {
      yield* install;
      const theirs = {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata: { name: "theirs", namespace: "tars-dataplane" },
      };
      yield* (yield* FakeCluster).seed(Gateway, theirs, "kubectl");
      const refused = yield* run(["--yes"]);
      assert.strictEqual(refused.code, 10);
      assert.include(
        refused.everything,
        "Gateway tars-dataplane/theirs was made by others in tars-dataplane",
      );
      assert.include(refused.everything, "tare uninstall identity.json --force --yes");
      const forced = yield* run(["--yes", "--force"]);
      assert.strictEqual(forced.code, 0);
      assert.include(forced.everything, "namespace tars-dataplane stays: others have something");
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect.each([
    ["--release-name", "Not A Name"],
    ["--system-namespace", "-x"],
    ["--dataplane-namespace", "UPPER"],
    ["--timeout", "soon"],
    ["--timeout", "-1s"],
    ["--lock-timeout", "x"],
    ["--output", "yaml"],
    ["--keep-crds=maybe"],
    ["--no-such-flag"],
    ["--ha"],
    ["--chart-path", "chart"],
  ])("refuses %s %s with 2, and writes nothing", (flags) =>
    Effect.gen(function* () {
      const { code } = yield* run(["--yes", ...flags]);
      assert.strictEqual(code, 2);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.provide(world())),
  );
});
