/**
 * Writes src/services/tools/pins.json: the versions given, with the sha256 that the projects publish beside their
 * downloads. Nothing is computed here. A platform whose hash is not published is left out, and said.
 *
 *   node scripts/refresh-tool-pins.ts --helm 4.2.4 --kubectl 1.36.4 --crane 0.22.1
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import {
  artifactOf,
  OFFICIAL,
  PLATFORMS,
  publishedHash,
  TOOL_NAMES,
  type ToolName,
  type ToolPins,
} from "../src/domain/tools/pins.ts";
import { judgeTool } from "../src/domain/tools/version.ts";

const { values } = parseArgs({
  options: {
    helm: { type: "string" },
    kubectl: { type: "string" },
    crane: { type: "string" },
    file: { type: "string", default: join(import.meta.dirname, "../src/services/tools/pins.json") },
  },
});
const { file } = values;
const pinned = JSON.parse(readFileSync(file, "utf8")) as ToolPins["tools"];

const refreshed = async (tool: ToolName) => {
  const version = (values[tool] ?? pinned[tool].version).replace(/^v/, "");
  const verdict = judgeTool(tool, version);
  if (verdict._tag === "Unsuitable") throw new Error(`${tool}: ${verdict.why}`);
  const tools = { ...pinned, [tool]: { version, sha256: {} } };
  const sha256: Record<string, string> = {};
  for (const platform of PLATFORMS) {
    const { checksumUrl, path } = artifactOf({ tools, official: OFFICIAL }, tool, platform);
    const response = await fetch(checksumUrl);
    const hash = response.ok ? publishedHash(await response.text(), basename(path)) : undefined;
    if (hash !== undefined) sha256[platform] = hash;
    else if (response.ok || response.status === 404) console.error(`${checksumUrl}: no hash`);
    else throw new Error(`${checksumUrl}: HTTP ${response.status}`);
  }
  if (Object.keys(sha256).length === 0) throw new Error(`${tool} ${version}: nothing published`);
  return { version, sha256 };
};

const [helm, kubectl, crane] = await Promise.all(TOOL_NAMES.map(refreshed));
writeFileSync(file, `${JSON.stringify({ helm, kubectl, crane }, null, 2)}\n`);
