import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Layer, Result } from "effect";
import { Limits, Pins } from "../../src/services/tools/settings.ts";
import { ToolCache, type ToolName } from "../../src/services/tools/ToolCache.ts";
import { layerToolCacheLocal } from "../../src/services/tools/ToolCacheLocal.ts";
import { Recorder } from "../fakes/index.ts";
import { program, sha256 } from "./archives.ts";
import { mirrorServer, serving } from "./mirror.ts";
import { FILES, HELM, pinsFor, QUICK, startTare, temporaryFolder } from "./support.ts";

const NOBODY = "http://127.0.0.1:1";

const environment = (values: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const names = [...Object.keys(values), "TARE_HELM", "TARE_KUBECTL"];
      const before = names.map((name) => [name, process.env[name]] as const);
      for (const name of names) {
        if (values[name] === undefined) delete process.env[name];
        else process.env[name] = values[name];
      }
      return before;
    }),
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        }
      }),
  );

const put = (folder: string, version: string, name: ToolName = "helm"): string => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, program(version), { mode: 0o755 });
  return file;
};

/** What is found, and the warnings on the way. */
const search = (toolsDir: string, download = true) =>
  Effect.gen(function* () {
    const cache = yield* ToolCache;
    const result = yield* Effect.result(cache.locate("helm", { download }));
    const { warnings } = yield* Recorder;
    return { result, warnings: yield* warnings };
  }).pipe(
    Effect.provide(layerToolCacheLocal({ toolsDir }).pipe(Layer.provideMerge(Recorder.layer))),
    Effect.provide([
      NodeServices.layer,
      Layer.succeed(Pins, pinsFor()),
      Layer.succeed(Limits, QUICK),
    ]),
  );

const foundAt = ({ result }: { result: Result.Result<{ path: string; origin: string }, Error> }) =>
  Result.isSuccess(result) ? [result.success.origin, result.success.path] : result.failure.message;

describe("the search", () => {
  it.live(
    "takes the environment's binary before everything, and nothing else if it is unusable",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder;
        put(join(folder, "tools/helm/4.2.4"), "4.2.4");
        const own = put(join(folder, "own"), "3.21.4");
        yield* environment({ TARE_HELM: own, PATH: "/usr/bin:/bin" });
        assert.deepStrictEqual(foundAt(yield* search(join(folder, "tools"))), ["environment", own]);
        yield* environment({ TARE_HELM: `${own}-gone` });
        assert.match(
          String(foundAt(yield* search(join(folder, "tools")))),
          /TARE_HELM=.*-gone, which/,
        );
      }),
  );

  it.live("then the cache, then a download, before a tool on the PATH", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      mirror.serve = serving(FILES);
      const folder = yield* temporaryFolder;
      const tools = join(folder, "tools");
      put(join(folder, "path"), "4.2.3");
      const path = `${join(folder, "path")}:/usr/bin:/bin`;
      yield* environment({ TARE_TOOLS_MIRROR: mirror.url, PATH: path });
      const pinned = join(tools, "helm/4.2.4/helm");
      assert.deepStrictEqual(foundAt(yield* search(tools)), ["cache", pinned]);
      assert.strictEqual(mirror.requests.length, 1);
      assert.deepStrictEqual(foundAt(yield* search(tools)), ["cache", pinned]);
      assert.strictEqual(mirror.requests.length, 1);
    }),
  );

  it.live("runs nothing that changed since it was unpacked: it is downloaded again", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      mirror.serve = serving(FILES);
      const folder = yield* temporaryFolder;
      const file = join(folder, "helm/4.2.4/helm");
      yield* environment({ PATH: "/nonexistent", TARE_TOOLS_MIRROR: mirror.url });
      assert.deepStrictEqual(foundAt(yield* search(folder)), ["cache", file]);
      assert.deepStrictEqual((yield* search(folder)).warnings, []);
      const evil = program("4.2.4-evil");
      writeFileSync(file, evil, { mode: 0o755 });
      const again = yield* search(folder);
      assert.match(again.warnings.join(), /helm is not what was unpacked there/);
      assert.deepStrictEqual(foundAt(again), ["cache", file]);
      assert.deepStrictEqual(readFileSync(file), HELM);

      writeFileSync(file, evil, { mode: 0o755 });
      yield* environment({ PATH: "/nonexistent", TARE_TOOLS_MIRROR: NOBODY });
      assert.isTrue(Result.isFailure((yield* search(folder)).result));
      assert.deepStrictEqual(readFileSync(file), evil);
    }),
  );

  it.live("downloads nothing for the sake of a printed command", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const folder = yield* temporaryFolder;
      yield* environment({ TARE_TOOLS_MIRROR: mirror.url, PATH: "/nonexistent" });
      assert.isTrue(Result.isFailure((yield* search(folder, false)).result));
      assert.deepStrictEqual(mirror.requests, []);
    }),
  );

  it.live("falls back to a suitable tool on the PATH, and says which and why", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const other = put(join(folder, "path"), "3.21.4");
      const path = `${join(folder, "path")}:/usr/bin:/bin`;
      yield* environment({ TARE_TOOLS_MIRROR: NOBODY, PATH: path });
      const found = yield* search(join(folder, "tools"));
      assert.deepStrictEqual(foundAt(found), ["PATH", other]);
      assert.deepStrictEqual(found.warnings, [
        `helm 4.2.4 could not be downloaded (127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1): using ${other}, v3.21.4`,
      ]);
    }),
  );

  it.live("names the version that it does not fall back to, and the flaw", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const path = `${join(folder, "path")}:/usr/bin:/bin`;
      yield* environment({ TARE_TOOLS_MIRROR: NOBODY, PATH: path });
      for (const [version, why] of [
        ["4.2.1", /v4\.2\.1 is known to be bad: waiting can hang .*#32214/],
        ["4.1.4", /v4\.1\.4 is known to be bad: its rollback fails .*#32244/],
        ["2.17.0", /v2\.17\.0 is not supported; Helm 3 or 4 is needed/],
      ] as const) {
        put(join(folder, "path"), version);
        assert.match(String(foundAt(yield* search(join(folder, "tools")))), why);
      }
    }),
  );
});

describe("tare upgrade without any Helm", () => {
  it.live("offline: one message with what is missing and the three ways to get it", () =>
    Effect.gen(function* () {
      const home = yield* temporaryFolder;
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const identity = {
        type: "service_account",
        workspaceId: "w",
        serviceAccountId: "a",
        keyId: "k",
        privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
        managementPlaneUrl: "https://tars.example.com",
      };
      const file = join(home, "identity.json");
      writeFileSync(file, JSON.stringify(identity), { mode: 0o600 });
      const { ended } = startTare(home, ["upgrade", file], { TARE_TOOLS_MIRROR: NOBODY });
      const { code, stdout, stderr } = yield* Effect.promise(() => ended);
      assert.strictEqual(code, 10, stderr);
      assert.strictEqual(stdout, "");
      assert.match(
        stderr,
        /\nHelm: helm not found \(looked in .*\/helm, download: .*, the PATH\)\n/,
      );
      assert.match(
        stderr,
        /warning: kubectl not found .*: only the commands printed for you need it/,
      );
      for (const way of [
        "Get helm in one of three ways:",
        "HTTPS_PROXY=http://PROXY:PORT tare tools install ",
        "TARE_TOOLS_MIRROR=/path/to/tare-tools tare tools install ",
        "export TARE_HELM=/path/to/helm ",
      ]) {
        assert.strictEqual(stderr.split(`\n${way}`).length, 2, `${way}\n${stderr}`);
      }
    }),
  );

  it.live("without a download and verified is the pinned one, as it was unpacked, or none", () =>
    Effect.gen(function* () {
      yield* environment({});
      const root = yield* temporaryFolder;
      const locate = Effect.gen(function* () {
        const cache = yield* ToolCache;
        return yield* Effect.option(cache.locate("helm", { download: false, verified: true }));
      }).pipe(
        Effect.provide(layerToolCacheLocal({ toolsDir: root }).pipe(Layer.provide(Recorder.layer))),
        Effect.provide([NodeServices.layer, Layer.succeed(Pins, pinsFor())]),
      );
      const path = () =>
        Effect.map(locate, (found) => (found._tag === "Some" ? found.value.path : ""));
      put(join(root, "helm/4.2.3"), "4.2.3");
      assert.strictEqual(yield* path(), "");
      const pinned = put(join(root, "helm/4.2.4"), "4.2.4");
      writeFileSync(`${pinned}.sha256`, `${"0".repeat(64)}  helm\n`);
      assert.strictEqual(yield* path(), "");
      writeFileSync(`${pinned}.sha256`, `${sha256(program("4.2.4"))}  helm\n`);
      assert.strictEqual(yield* path(), pinned);
      const own = put(join(root, "own"), "4.2.9");
      yield* environment({ TARE_HELM: own });
      assert.strictEqual(yield* path(), own);
    }).pipe(Effect.scoped),
  );
});
