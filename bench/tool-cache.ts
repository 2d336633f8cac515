/**
 * Peak memory of a download: a 60 MB archive goes through download, hash, extraction and installation, and the highest
 * resident size on the way is compared with that before. `node bench/tool-cache.ts`; loopback and a temporary folder only.
 */
import { createHash, randomFillSync } from "node:crypto";
import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Worker } from "node:worker_threads";
import { Effect } from "effect";
import { create } from "tar";
import { artifactOf, OFFICIAL } from "../src/domain/tools/pins.ts";
import { installTool } from "../src/services/tools/install.ts";

const MB = 1_000_000;
const MiB = 1024 * 1024;
const TARGET_MIB = 64;

const root = mkdtempSync(join(tmpdir(), "tare-bench-"));

/** Bytes that do not shrink, so that the archive is as large as what is in it. */
const makeArchive = async (): Promise<string> => {
  mkdirSync(join(root, "linux-amd64"));
  const file = join(root, "linux-amd64", "helm");
  writeFileSync(file, "");
  const chunk = Buffer.alloc(MB);
  for (let index = 0; index < 60; index += 1) {
    writeFileSync(file, randomFillSync(chunk), { flag: "a" });
  }
  const archive = join(root, "helm.tar.gz");
  await create({ file: archive, cwd: root, gzip: { level: 1 } }, ["linux-amd64/helm"]);
  return archive;
};

const hashOf = async (file: string): Promise<string> => {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
};

if (process.argv[2] === undefined) {
  const archive = await makeArchive();
  const { spawnSync } = await import("node:child_process");
  const server = new Worker(
    `const { createServer } = require("node:http");
     const { createReadStream, statSync } = require("node:fs");
     const { parentPort, workerData } = require("node:worker_threads");
     createServer((_, response) => {
       response.writeHead(200, { "content-length": statSync(workerData).size });
       createReadStream(workerData).pipe(response);
     }).listen(0, "127.0.0.1", function () { parentPort.postMessage(this.address().port); });`,
    { eval: true, workerData: archive },
  );
  const port = await new Promise<number>((resolve) => server.once("message", resolve));
  const hash = await hashOf(archive);
  for (let run = 0; run < 3; run += 1) {
    const into = join(root, `run-${run}`);
    const args = [import.meta.filename, `http://127.0.0.1:${port}`, hash, into];
    spawnSync(process.execPath, args, { stdio: "inherit" });
  }
  console.log(`archive: ${(statSync(archive).size / MB).toFixed(1)} MB`);
  await server.terminate();
  rmSync(root, { recursive: true });
} else {
  rmSync(root, { recursive: true });
  const [mirror = "", sha256 = "", into = ""] = process.argv.slice(2);
  const pin = { version: "4.2.4", sha256: { "linux-amd64": sha256 } };
  const pins = { tools: { helm: pin, kubectl: pin, crane: pin }, official: OFFICIAL };
  const artifact = artifactOf(pins, "helm", "linux-amd64", mirror);
  const idle = process.memoryUsage.rss();
  let peak = idle;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 2);
  const started = performance.now();
  await Effect.runPromise(installTool(artifact, into, () => Effect.void));
  clearInterval(sampler);
  // The kernel's own high-water mark, which no sampling can miss.
  peak = Math.max(peak, process.resourceUsage().maxRSS * 1024);
  const above = (peak - idle) / MiB;
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  console.log(
    `peak ${above.toFixed(1)} MiB above idle (${(idle / MiB).toFixed(0)} MiB), target ${TARGET_MIB} MiB, ${seconds} s`,
  );
  if (above >= TARGET_MIB) process.exitCode = 1;
}
