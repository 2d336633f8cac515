import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { bundleForTests, ROOT } from "../scripts/build/bundle.ts";

/** Inside the checkout, where a program finds the chart that belongs to it. */
const FOLDER = join(ROOT, "node_modules/.cache/tare-tests");

const built = new Map<string, string>();

/** The file that runs a program of the tests, bundled once by each worker. */
export const programOf = (entryPoint: string): string => {
  const known = built.get(entryPoint);
  if (known !== undefined) return known;
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, "program-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, `${basename(entryPoint, ".ts")}.mjs`);
  bundleForTests(entryPoint, program);
  built.set(entryPoint, program);
  return program;
};
