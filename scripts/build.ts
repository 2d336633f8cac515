/**
 * Builds what is released.
 *
 *   node scripts/build.ts                          the npm package, and the executable for this machine
 *   node scripts/build.ts --platform linux-arm64   executables for other machines (repeatable; `all`)
 *   node scripts/build.ts --package                only the npm package
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundleForPackage, ROOT } from "./build/bundle.ts";
import {
  buildExecutables,
  EXECUTABLE_PLATFORMS,
  type ExecutablePlatform,
} from "./build/executable.ts";

const { values } = parseArgs({
  options: {
    package: { type: "boolean", default: false },
    platform: { type: "string", multiple: true, default: [`${process.platform}-${process.arch}`] },
  },
});

const isPlatform = (name: string): name is ExecutablePlatform =>
  EXECUTABLE_PLATFORMS.some((platform) => platform === name);

const platforms = values.platform.flatMap((name) => (name === "all" ? EXECUTABLE_PLATFORMS : name));
const unknown = platforms.filter((name) => !isPlatform(name));
if (unknown.length > 0) {
  console.error(`no executable for ${unknown.join(", ")}: ${EXECUTABLE_PLATFORMS.join(", ")}`);
  process.exit(2);
}

rmSync(join(ROOT, "dist"), { recursive: true, force: true });
const compiler = createRequire(import.meta.url).resolve("typescript/package.json");
execFileSync(
  process.execPath,
  [join(compiler, "..", "bin", "tsc"), "-p", join(ROOT, "tsconfig.build.json")],
  { stdio: "inherit" },
);
await bundleForPackage();
if (!values.package) {
  for (const file of await buildExecutables(platforms.filter(isPlatform))) console.log(file);
}
