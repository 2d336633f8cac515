import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Effect } from "effect";
import { OFFICIAL, type Platform, platformOf, type ToolPins } from "../../src/domain/tools/pins.ts";
import type { DownloadLimits } from "../../src/services/tools/settings.ts";
import { programOf } from "../program.ts";
import { program, sha256, tarGz } from "./archives.ts";

export const PLATFORM: Platform = platformOf(process.platform, process.arch) ?? "linux-amd64";
const entry = `${PLATFORM}/helm`;

export const HELM = program("4.2.4");
export const KUBECTL = program("1.36.4");
export const HELM_ARCHIVE = tarGz([
  { path: `${PLATFORM}/LICENSE`, body: Buffer.from("free") },
  { path: entry, body: HELM },
]);
export const HELM_PATH = `/helm-v4.2.4-${PLATFORM}.tar.gz`;
export const KUBECTL_PATH = `/release/v1.36.4/bin/${PLATFORM.replace("-", "/")}/kubectl`;
export const FILES = { [HELM_PATH]: HELM_ARCHIVE, [KUBECTL_PATH]: KUBECTL };

/** The tests' own pins: the product's are of files that are not here. */
export const pinsFor = (
  helm: Buffer | undefined = HELM_ARCHIVE,
  kubectl: Buffer | undefined = KUBECTL,
  platform: Platform = PLATFORM,
  /** Unless given, this platform has none. */
  crane?: Buffer,
): ToolPins => ({
  tools: {
    helm: { version: "4.2.4", sha256: helm === undefined ? {} : { [platform]: sha256(helm) } },
    kubectl: {
      version: "1.36.4",
      sha256: kubectl === undefined ? {} : { [platform]: sha256(kubectl) },
    },
    crane: { version: "0.22.1", sha256: crane === undefined ? {} : { [platform]: sha256(crane) } },
  },
  official: OFFICIAL,
});

export const QUICK: DownloadLimits = {
  stallMillis: 250,
  maxBytes: 4 * 1024 * 1024,
  maxUnpackedBytes: 8 * 1024 * 1024,
  redirects: 3,
  retries: 1,
  retryAfterMillis: 1,
};

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tare-tools-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
);

/** Every file below a folder, with a star when it is executable. */
export const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !statSync(join(folder, name)).isDirectory())
    .map((name) => `${name}${(statSync(join(folder, name)).mode & 0o111) === 0 ? "" : "*"}`)
    .sort();

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TareProcess {
  readonly kill: () => void;
  readonly ended: Promise<Ended>;
}

/** The real program, with the tests' pins. Its home and its PATH hold nothing unless the test says so. */
export const startTare = (
  home: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
  { pins = pinsFor(), wrap = [] }: { pins?: ToolPins; wrap?: ReadonlyArray<string> } = {},
): TareProcess => {
  mkdirSync(home, { recursive: true });
  const pinsFile = join(mkdtempSync(join(tmpdir(), "tare-pins-")), "pins.json");
  writeFileSync(pinsFile, JSON.stringify(pins));
  const program = programOf(join(import.meta.dirname, "tare-with-pins.ts"));
  const [command = "", ...words] = [...wrap, process.execPath, program, pinsFile, ...args];
  const child = spawn(command, words, {
    env: { HOME: home, PATH: "/nonexistent", KUBECONFIG: "/nonexistent", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return {
    kill: () => void child.kill("SIGKILL"),
    ended: new Promise((resolve) =>
      child.once("close", (code) => resolve({ code, stdout, stderr })),
    ),
  };
};
