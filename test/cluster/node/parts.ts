import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot, goFolder, goVersion } from "../tools.ts";

/**
 * Something that a real node is made of, built or fetched once. Each has a folder of its own, whose name covers all that
 * went into it, so that a change of one leaves the others and the tools of the plain test cluster as they are.
 */
export interface Part {
  readonly name: string;
  /** Files or folders under `go/` that it is built from. */
  readonly sources?: ReadonlyArray<string>;
  /** Whatever else decides what comes out: versions, flags. */
  readonly settings: object;
  /** Puts its files into a folder that exists; it gets its name when it is complete. */
  make(folder: string): Promise<void>;
}

export const nodeCache = (): string => join(cacheRoot(), "node");

export function partFolder({ name, sources = [], settings }: Part): string {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  if (sources.length > 0) hash.update(goVersion());
  for (const source of sources) hashSource(hash, join(goFolder, source));
  return join(nodeCache(), `${name}-${hash.digest("hex").slice(0, 16)}`);
}

function hashSource(hash: ReturnType<typeof createHash>, path: string): void {
  const name = path.slice(goFolder.length);
  if (/\.\w+$/.test(name)) hash.update(`${name}\n`).update(readFileSync(path));
  else for (const file of readdirSync(path).sort()) hashSource(hash, join(path, file));
}
