import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { goFolder, type Tool, tools, toolsFolder } from "./tools.ts";

/**
 * Builds what the cache lacks and returns its folder. Programs appear by rename, so a folder never
 * holds a half-written one; a second builder waits for the first.
 */
export async function buildTools(log: (line: string) => void): Promise<string> {
  const folder = toolsFolder();
  const missing = () => tools.filter((tool) => !existsSync(join(folder, tool.name)));
  if (missing().length === 0) return folder;
  mkdirSync(folder, { recursive: true });
  const unlock = await lock(join(folder, "build.lock"), log);
  try {
    for (const tool of missing()) {
      const started = Date.now();
      log(`building ${tool.name}`);
      await build(tool, folder);
      log(`built ${tool.name} in ${Math.round((Date.now() - started) / 1000)} s`);
    }
  } finally {
    unlock();
  }
  return folder;
}

async function build(tool: Tool, folder: string): Promise<void> {
  const partial = join(folder, `.${tool.name}.${process.pid}`);
  try {
    await goBuild({ ...tool, output: partial });
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  renameSync(partial, join(folder, tool.name));
}

export interface GoBuild {
  /** The folder under `go/` of the module that pins the versions. */
  readonly module: string;
  readonly package: string;
  readonly output: string;
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly flags?: ReadonlyArray<string> | undefined;
}

/** Static programs that are the same on every machine. */
export async function goBuild(program: GoBuild): Promise<void> {
  const variables = Object.entries(program.variables ?? {}).map(
    ([name, value]) => `-X ${name}=${value}`,
  );
  const args = [
    "build",
    "-trimpath",
    "-buildvcs=false",
    ...(program.flags ?? []),
    "-ldflags",
    ["-s", "-w", ...variables].join(" "),
    "-o",
    program.output,
    program.package,
  ];
  const child = spawn("go", args, {
    cwd: join(goFolder, program.module),
    env: { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOWORK: "off" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`go build ${program.package} failed with exit code ${code}`);
}

/** A lock file that names its holder, so that one left by a killed build is recognised. */
export async function lock(path: string, log: (line: string) => void): Promise<() => void> {
  for (let waiting = false; ; waiting = true) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = lockHolder(path);
    if (holder === undefined) continue;
    if (!isAlive(holder)) rmSync(path, { force: true });
    else {
      if (!waiting) log(`waiting for the build of process ${holder}`);
      await sleep(1000);
    }
  }
}

function lockHolder(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

if (import.meta.main) {
  console.log(await buildTools((line) => console.error(line)));
}
