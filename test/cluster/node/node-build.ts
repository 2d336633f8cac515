import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildTools, lock } from "../build.ts";
import { dockerRegistry, envoy, envoyOlder, redis, runcAndNft } from "./packages.ts";
import { nodeCache, type Part, partFolder } from "./parts.ts";
import {
  aiGatewayStub,
  containerd,
  kubelet,
  kubeProxy,
  machine,
  otelCollector,
  pause,
  rateLimit,
  streams,
} from "./programs.ts";
import { buildSeed, seedFolder } from "./seed.ts";

const parts: ReadonlyArray<Part> = [
  machine,
  runcAndNft,
  dockerRegistry,
  redis,
  envoy,
  envoyOlder,
  pause,
  streams,
  kubelet,
  kubeProxy,
  aiGatewayStub,
  containerd,
  rateLimit,
  otelCollector,
];

/** Builds or fetches what real nodes and their images lack; a second builder waits for the first. */
export async function buildNode(log: (line: string) => void): Promise<void> {
  const complete = () =>
    existsSync(seedFolder()) && parts.every((part) => existsSync(partFolder(part)));
  await buildTools(log);
  if (complete()) return;
  mkdirSync(nodeCache(), { recursive: true });
  const unlock = await lock(join(nodeCache(), "build.lock"), log);
  const timed = async (what: string, action: () => Promise<void>) => {
    const started = Date.now();
    log(`building ${what}`);
    await action();
    log(`built ${what} in ${Math.round((Date.now() - started) / 1000)} s`);
  };
  try {
    for (const part of parts) {
      if (!existsSync(partFolder(part))) await timed(part.name, () => make(part));
    }
    if (!existsSync(seedFolder())) await timed("the images", () => buildSeed(log));
  } finally {
    unlock();
  }
}

/** A part appears by rename, complete. */
async function make(part: Part): Promise<void> {
  const partial = mkdtempSync(join(nodeCache(), `.${part.name}-`));
  try {
    await part.make(partial);
    renameSync(partial, partFolder(part));
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  await buildNode((line) => console.error(line));
}
