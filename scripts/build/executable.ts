/** One file that needs no Node: https://nodejs.org/api/single-executable-applications.html */
import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Effect } from "effect";
import { create } from "tar";
import { CHART_ASSET } from "../../src/services/chart/embedded-chart.ts";
import { answersAhead } from "./answers.ts";
import { bundleEntry, bundleForExecutable, ROOT } from "./bundle.ts";
import { narrowed, npmBom, packagesIn } from "./sbom.ts";

/** What the npm packages of Node's binaries call it. */
export const EXECUTABLE_PLATFORMS = [
  "linux-x64",
  "linux-arm64",
  "darwin-x64",
  "darwin-arm64",
] as const;
export type ExecutablePlatform = (typeof EXECUTABLE_PLATFORMS)[number];

const HOST = `${process.platform}-${process.arch}`;
const OUT = join(ROOT, "build");
const PARTS = join(OUT, "parts");
/** Node's own mark that a blob was put in; the tool that puts it in flips it. */
const SENTINEL = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** Of the whole process, which a run-time setting comes too late for: the young generation, in MiB. */
const PROCESS_V8_FLAGS = ["--max-semi-space-size=2"];

const part = (name: string): string => join(PARTS, name);

/** The Node of another platform is an npm package; the version is that of the Node which runs the build. */
const nodeFor = (platform: ExecutablePlatform): string => {
  if (platform === HOST) return process.execPath;
  const spec = `node-${platform}@${process.versions.node}`;
  const folder = part(spec);
  if (!existsSync(folder)) {
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", spec, "--json", "--pack-destination", PARTS], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      }),
    ) as ReadonlyArray<{ readonly filename: string }>;
    mkdirSync(folder);
    execFileSync("tar", ["-xzf", join(PARTS, packed?.filename ?? ""), "-C", folder]);
  }
  return join(folder, "package", "bin", "node");
};

/** A run that meets most of the program: it reads the flags, an identity and a kubeconfig, and finds no cluster. */
const warmUp = (program: string, cache: string): void => {
  const folder = part("warm");
  mkdirSync(folder, { recursive: true });
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "none", user: {} }],
      contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
      "current-context": "none",
    }),
  );
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const identity = join(folder, "identity.json");
  writeFileSync(
    identity,
    JSON.stringify({
      type: "service_account",
      workspaceId: "none",
      serviceAccountId: "none",
      keyId: "none",
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
      managementPlaneUrl: "https://127.0.0.1:1",
    }),
    { mode: 0o600 },
  );
  const args = ["upgrade", identity, "--kubeconfig", kubeconfig];
  // It fails, as it must: what counts is the cache it leaves.
  const warm = [
    ...PROCESS_V8_FLAGS,
    join(import.meta.dirname, "warm.cjs"),
    program,
    cache,
    ...args,
  ];
  spawnSync(process.execPath, warm, {
    stdio: "ignore",
    env: { HOME: folder, TARE_HELM: process.execPath, TARE_KUBECTL: process.execPath },
  });
  if (!existsSync(cache)) throw new Error("the program could not be run to warm its code cache");
};

const inject = (executable: string, blob: string, platform: ExecutablePlatform): void => {
  const postject = createRequire(import.meta.url).resolve("postject/dist/cli.js");
  const segment = platform.startsWith("darwin") ? ["--macho-segment-name", "NODE_SEA"] : [];
  execFileSync(
    process.execPath,
    [postject, executable, "NODE_SEA_BLOB", blob, "--sentinel-fuse", SENTINEL, ...segment],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
};

/**
 * What was written in one piece is cached in huge pages, and running it makes tens of megabytes resident that nothing
 * touches. A plain copy is not.
 */
const rewrite = (executable: string): void => {
  const copy = `${executable}.copy`;
  copyFileSync(executable, copy);
  renameSync(copy, executable);
};

const blobFor = (platform: ExecutablePlatform): string => {
  const native = platform === HOST;
  const blob = part(`${platform}.blob`);
  const config = part(`${platform}.json`);
  writeFileSync(
    config,
    JSON.stringify({
      main: part("entry.cjs"),
      output: blob,
      disableExperimentalSEAWarning: true,
      execArgv: PROCESS_V8_FLAGS,
      // Node would make that cache without our flags, and then complain about it; the entry is tiny.
      useCodeCache: false,
      assets: {
        "program.cjs": part("program.cjs"),
        "answers.json": part("answers.json"),
        [CHART_ASSET]: part(CHART_ASSET),
        // V8's caches are its own: another platform's would be refused.
        ...(native ? { "program.cache": part("program.cache") } : {}),
      },
    }),
  );
  execFileSync(process.execPath, ["--experimental-sea-config", config], { stdio: "ignore" });
  return blob;
};

const prepareParts = async (): Promise<void> => {
  mkdirSync(PARTS, { recursive: true });
  const [, { metafile }] = await Promise.all([
    bundleEntry(part("entry.cjs")),
    bundleForExecutable(part("program.cjs")),
  ]);
  const bundled = packagesIn(Object.keys(metafile.inputs));
  const inside = narrowed(npmBom(), bundled, process.versions.node);
  writeFileSync(join(OUT, "tare.cdx.json"), `${JSON.stringify(inside, null, 2)}\n`);
  writeFileSync(part("answers.json"), JSON.stringify(await Effect.runPromise(answersAhead)));
  await create({ cwd: join(ROOT, "chart"), file: part(CHART_ASSET), portable: true, gzip: true }, [
    ".",
  ]);
};

/** Writes `build/tare-<platform>` for each; returns where. */
export const buildExecutables = async (
  platforms: ReadonlyArray<ExecutablePlatform>,
): Promise<ReadonlyArray<string>> => {
  await prepareParts();
  const written: Array<string> = [];
  for (const platform of platforms) {
    if (platform === HOST) warmUp(part("program.cjs"), part("program.cache"));
    const executable = join(OUT, `tare-${platform}`);
    rmSync(executable, { force: true });
    copyFileSync(nodeFor(platform), executable);
    chmodSync(executable, 0o755);
    inject(executable, blobFor(platform), platform);
    rewrite(executable);
    written.push(executable);
  }
  return written;
};
