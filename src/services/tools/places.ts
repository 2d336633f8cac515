import { readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { executableName, type ToolName } from "../../domain/tools/pins.ts";
import { isVersionFolder, newestFirst } from "../../domain/tools/version.ts";
import { tareHome } from "../disk/home.ts";
import { isExecutable } from "./files.ts";

/** Each names a binary outright. */
export const VARIABLES: Readonly<Record<ToolName, string>> = {
  helm: "TARE_HELM",
  kubectl: "TARE_KUBECTL",
  crane: "TARE_CRANE",
};

export const toolsFolder = (chosen: string | undefined): string =>
  chosen ?? join(tareHome(), "tools");

export const mirror = (): string | undefined => process.env.TARE_TOOLS_MIRROR || undefined;

const hostExecutable = (tool: ToolName): string =>
  executableName(tool, process.platform === "win32" ? "windows" : process.platform);

interface CachedTool {
  readonly version: string;
  readonly path: string;
}

/** Everything usable in the cache, newest first. */
export const cachedTools = (root: string, tool: ToolName): ReadonlyArray<CachedTool> => {
  const folder = join(root, tool);
  try {
    return readdirSync(folder)
      .filter(isVersionFolder)
      .sort(newestFirst)
      .map((name) => ({
        version: name.replace(/^v/, ""),
        path: join(folder, name, hostExecutable(tool)),
      }))
      .filter(({ path }) => isExecutable(path));
  } catch {
    return [];
  }
};

export const onPath = (tool: ToolName): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, hostExecutable(tool)))
    .find(isExecutable);
