import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { Effect, Layer } from "effect";
import { type Tool, ToolCache, ToolMissing, type ToolName } from "./ToolCache.ts";

/** `TARE_HELM` and `TARE_KUBECTL` name a binary outright. */
const VARIABLES: Readonly<Record<ToolName, string>> = {
  helm: "TARE_HELM",
  kubectl: "TARE_KUBECTL",
};

const executableName = (tool: ToolName): string =>
  process.platform === "win32" ? `${tool}.exe` : tool;

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

const versionNumbers = (version: string) => version.replace(/^v/, "").split(".").map(Number);

const newestFirst = (a: string, b: string): number => {
  const [left, right] = [versionNumbers(a), versionNumbers(b)];
  const index = left.findIndex((number, at) => number !== right[at]);
  return index === -1 ? 0 : (right[index] ?? 0) - (left[index] ?? 0);
};

const cachedVersions = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder)
      .filter((name) => /^v?\d+\.\d+\.\d+$/.test(name))
      .sort(newestFirst);
  } catch {
    return [];
  }
};

const onPath = (executable: string): ReadonlyArray<string> =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, executable));

/**
 * Looks at the environment variable, then at `~/.tare/tools/<name>/<version>/`, then at the PATH. A variable that is set
 * decides alone: an operator who names a binary does not want another one.
 */
export const locateTool = (tool: ToolName): Tool | ToolMissing => {
  const executable = executableName(tool);
  const variable = VARIABLES[tool];
  const given = process.env[variable];
  if (given !== undefined && given !== "") {
    return isExecutable(given)
      ? { name: tool, path: given, origin: "environment" }
      : new ToolMissing({ tool, searched: [`${variable}=${given}`] });
  }
  const cache = join(homedir(), ".tare", "tools", tool);
  const cached = cachedVersions(cache)
    .map((version) => join(cache, version, executable))
    .find(isExecutable);
  if (cached !== undefined) return { name: tool, path: cached, origin: "cache" };
  const found = onPath(executable).find(isExecutable);
  return found === undefined
    ? new ToolMissing({ tool, searched: [cache, "the PATH"] })
    : { name: tool, path: found, origin: "PATH" };
};

export const layerToolCacheLocal: Layer.Layer<ToolCache> = Layer.succeed(
  ToolCache,
  ToolCache.of({
    locate: (tool) =>
      Effect.suspend(() => {
        const located = locateTool(tool);
        return located instanceof ToolMissing ? Effect.fail(located) : Effect.succeed(located);
      }),
  }),
);
