#!/usr/bin/env node
// Plain JavaScript that any Node runs: it finds a Node new enough for the program proper, and hands over to it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
// A checkout runs its sources, a package what was built from them.
const source = join(root, "src", "main.ts");
const entry = existsSync(source) ? source : join(root, "dist", "src", "main.js");

const packagedNode = () => {
  try {
    const manifest = `node-${process.platform}-${process.arch}/package.json`;
    return join(dirname(createRequire(import.meta.url).resolve(manifest)), "bin", "node");
  } catch {
    return undefined;
  }
};

if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) {
  await import(entry);
} else {
  const node = packagedNode();
  if (node === undefined) {
    process.stderr.write(
      `tare needs Node ${OLDEST_NODE} or newer; this is ${process.versions.node}\n`,
    );
    process.exit(1);
  }
  const child = spawn(node, [entry, ...process.argv.slice(2)], { stdio: "inherit" });
  // Whether the whole group was signalled (Ctrl-C, `timeout`) or this process alone cannot be told from here: it is passed on
  // in any case, and the program takes two that come at once for one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}
