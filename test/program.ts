import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { bundleForTests } from "../scripts/build/bundle.ts";

const built = new Map<string, string>();

/** The file that runs a program of the tests, bundled once by each worker. */
export const programOf = (entryPoint: string): string => {
  const known = built.get(entryPoint);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), "tare-test-program-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, `${basename(entryPoint, ".ts")}.mjs`);
  bundleForTests(entryPoint, program);
  built.set(entryPoint, program);
  return program;
};
