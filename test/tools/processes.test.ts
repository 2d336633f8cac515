import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { program } from "./archives.ts";
import { mirrorServer, serving } from "./mirror.ts";
import {
  type Ended,
  FILES,
  filesBelow,
  HELM_ARCHIVE,
  HELM_PATH,
  KUBECTL_PATH,
  startTare,
  temporaryFolder,
} from "./support.ts";

const BOTH = ["helm/4.2.4/helm", "kubectl/1.36.4/kubectl"].flatMap((file) => [
  `${file}*`,
  `${file}.sha256`,
]);

const ended = (process: { readonly ended: Promise<Ended> }) => Effect.promise(() => process.ended);

const writeProgram = (folder: string, name: string, content: Buffer): string => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, content, { mode: 0o755 });
  return file;
};

/** Real disks that refuse, without rights to keep: a file system of its own, seen by one process. */
const onDisk = (folder: string, options: string): ReadonlyArray<string> => {
  const script = `mount -t tmpfs -o ${options} tmpfs "$0" && exec "$@"`;
  return ["/usr/bin/unshare", "--map-root-user", "--mount", "/bin/sh", "-c", script, folder];
};
const PATH = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
const canMount = spawnSync("/usr/bin/unshare", ["--map-root-user", "--mount", "true"]).status === 0;

describe("processes", () => {
  it.live("the first use downloads, the second asks nobody, offline too", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const home = yield* temporaryFolder;
      const env = { TARE_TOOLS_MIRROR: mirror.url };
      mirror.serve = serving(FILES);
      const first = yield* ended(startTare(home, ["tools", "install"], env));
      assert.strictEqual(first.code, 0, first.stderr);
      assert.deepStrictEqual([...mirror.requests].sort(), [HELM_PATH, KUBECTL_PATH].sort());
      assert.deepStrictEqual(filesBelow(join(home, ".tare/tools")), BOTH);
      assert.strictEqual(first.stderr.trim().split("\n").length, 2);
      const offline = { TARE_TOOLS_MIRROR: "http://127.0.0.1:1" };
      const second = yield* ended(startTare(home, ["tools", "install"], offline));
      assert.deepStrictEqual([second.code, second.stdout], [0, first.stdout]);
      assert.strictEqual(second.stderr, "");
      assert.strictEqual(mirror.requests.length, 2);
    }),
  );

  it.live(
    "ten at once: one download each, ten successes, over a dead owner's lock",
    () =>
      Effect.gen(function* () {
        const mirror = yield* mirrorServer;
        const home = yield* temporaryFolder;
        mirror.serve = serving(FILES);
        const folder = join(home, ".tare/tools/helm");
        mkdirSync(join(folder, ".partial-4.2.4-dead"), { recursive: true });
        writeFileSync(join(folder, ".partial-4.2.4-dead/download"), "half");
        const dead = spawnSync("true").pid;
        writeFileSync(
          join(folder, ".lock-4.2.4.1"),
          JSON.stringify({ pid: dead, host: hostname() }),
        );
        const processes = Array.from({ length: 10 }, () =>
          startTare(home, ["tools", "install"], { TARE_TOOLS_MIRROR: mirror.url }),
        );
        const results = yield* Effect.forEach(processes, ended, { concurrency: "unbounded" });
        assert.deepStrictEqual(
          results.map(({ code }) => code),
          results.map(() => 0),
        );
        assert.deepStrictEqual([...mirror.requests].sort(), [HELM_PATH, KUBECTL_PATH].sort());
        assert.deepStrictEqual(filesBelow(join(home, ".tare/tools")), BOTH);
      }),
    180_000,
  );

  it.live("one killed in the middle leaves nothing executable, and the next takes over", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const home = yield* temporaryFolder;
      const env = { TARE_TOOLS_MIRROR: mirror.url };
      const half = new Promise<void>((arrived) => {
        mirror.serve = (request, response) => {
          if (request.url !== HELM_PATH) return serving(FILES)(request, response);
          response.writeHead(200, { "content-length": HELM_ARCHIVE.length });
          response.write(HELM_ARCHIVE.subarray(0, 200), () => arrived());
        };
      });
      const killed = startTare(home, ["tools", "install"], env);
      yield* Effect.promise(() => half);
      killed.kill();
      yield* ended(killed);
      assert.deepStrictEqual(
        filesBelow(join(home, ".tare/tools/helm")).filter((file) => file.endsWith("*")),
        [],
      );
      mirror.serve = serving(FILES);
      const next = yield* ended(startTare(home, ["tools", "install"], env));
      assert.strictEqual(next.code, 0, next.stderr);
      assert.deepStrictEqual(filesBelow(join(home, ".tare/tools")), BOTH);
    }),
  );

  const DISKS = [
    ["full", "size=16k", /helm: no space left on the disk/],
    ["read-only", "ro", /helm: the folder cannot be written .*choose another with --tools-dir/],
  ] as const;
  for (const [name, options, message] of DISKS) {
    it.live.skipIf(!canMount)(`a disk that is ${name} is said to be, and nothing is left`, () =>
      Effect.gen(function* () {
        const mirror = yield* mirrorServer;
        const home = yield* temporaryFolder;
        // Does not shrink, so that it does not fit.
        const big = Buffer.alloc(64 * 1024, 1);
        mirror.serve = serving({ [HELM_PATH]: big, [KUBECTL_PATH]: big });
        const disk = join(home, "disk");
        mkdirSync(disk);
        const script = ["/bin/sh", "-c", '"$@"; code=$?; find "$0" -type f; exit $code', disk];
        const args = ["tools", "install", "--tools-dir", join(disk, "tools")];
        const env = { TARE_TOOLS_MIRROR: mirror.url, ...PATH };
        const wrap = [...onDisk(disk, options), ...script];
        const result = yield* ended(startTare(home, args, env, { wrap }));
        assert.strictEqual(result.code, 10, result.stderr);
        assert.match(result.stderr, message);
        assert.strictEqual(result.stdout, "");
        const good = yield* ended(
          startTare(home, args, { ...env }, { wrap: onDisk(disk, "size=16m") }),
        );
        assert.match(good.stderr, /is not what the project published/);
      }),
    );
  }
});

describe("tare tools", () => {
  it.live("carried into a closed network: a bundle is a mirror", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const home = yield* temporaryFolder;
      mirror.serve = serving(FILES);
      const bundle = join(home, "tare-tools");
      const env = { TARE_TOOLS_MIRROR: mirror.url };
      mkdirSync(bundle);
      const made = yield* ended(startTare(home, ["tools", "bundle", bundle], env));
      assert.strictEqual(made.code, 0, made.stderr);
      assert.deepStrictEqual(made.stdout.trim().split("\n"), [
        `${bundle}${HELM_PATH}`,
        `${bundle}${KUBECTL_PATH}`,
      ]);
      const there = yield* ended(
        startTare(join(home, "there"), ["tools", "install"], { TARE_TOOLS_MIRROR: bundle }),
      );
      assert.strictEqual(there.code, 0, there.stderr);
      assert.deepStrictEqual(filesBelow(join(home, "there/.tare/tools")), BOTH);
      assert.deepStrictEqual(readFileSync(`${bundle}${HELM_PATH}`), HELM_ARCHIVE);
    }),
  );

  it.live("old versions are listed as such, and pruned", () =>
    Effect.gen(function* () {
      const home = yield* temporaryFolder;
      const root = join(home, "tools");
      writeProgram(join(root, "helm/4.2.3"), "helm", program("4.2.3"));
      writeProgram(join(root, "helm/4.2.4"), "helm", program("4.2.4"));
      const dir = ["--tools-dir", root];
      const listed = yield* ended(startTare(home, ["tools", "list", ...dir]));
      assert.deepStrictEqual(listed.stdout.trimEnd().split("\n"), [
        root,
        `  helm 4.2.4  ${root}/helm/4.2.4/helm`,
        `  helm 4.2.3 (not used any more)  ${root}/helm/4.2.3/helm`,
        "  kubectl 1.36.4 (not downloaded yet)",
        "  crane 0.22.1 (no pinned hash for this platform)",
      ]);
      const pruned = yield* ended(startTare(home, ["tools", "prune", ...dir]));
      assert.strictEqual(pruned.stdout, `removed helm 4.2.3  ${root}/helm/4.2.3/helm\n`);
      assert.deepStrictEqual(filesBelow(root), ["helm/4.2.4/helm*"]);
    }),
  );
});
