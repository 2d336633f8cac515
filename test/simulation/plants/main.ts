/**
 * `npm run simulate:plants [-- NAME…]`: puts each bug into a copy of the tree, and says what catches it. A bug that
 * nothing catches is a hole in the net, and an error.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { planted } from "./planted.ts";
import { PLANTS, type Plant } from "./plants.ts";

const SEEDS = 2_000;

const root = resolve(import.meta.dirname, "../../..");
const copy = mkdtempSync(join(tmpdir(), "tare-plants-"));
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
for (const name of [
  "src",
  "test",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
  "vitest.reporters.ts",
]) {
  cpSync(join(root, name), join(copy, name), { recursive: true });
}
for (const name of ["node_modules", "chart", "docs"])
  symlinkSync(join(root, name), join(copy, name));

interface Finding {
  readonly seed: number;
  readonly violations: ReadonlyArray<{ readonly invariant: string }>;
}

const inCopy = (...args: ReadonlyArray<string>) => {
  const ended = spawnSync(process.execPath, args, { cwd: copy, encoding: "utf8" });
  if (ended.error !== undefined) throw ended.error;
  return ended;
};

/** The invariant that the bug breaks first, and the seed. */
const caughtBySimulation = (): string | undefined => {
  const { stdout, stderr, status } = inCopy(
    ...["test/simulation/main.ts", "--first", "--seeds", String(SEEDS)],
  );
  const line = stdout.trim().split("\n").at(-1) ?? "";
  if (status === 0) return undefined;
  if (!line.startsWith("{"))
    throw new Error(`the simulation did not run: ${stderr.slice(0, 2_000)}`);
  const { seed, violations }: Finding = JSON.parse(line);
  return `\`${violations[0]?.invariant}\`, seed ${seed}`;
};

const caughtByTest = (file: string): string | undefined => {
  const { status } = inCopy("node_modules/vitest/vitest.mjs", "run", file);
  return status === 0 ? undefined : `\`${file}\``;
};

const catches = (plant: Plant): string | undefined => {
  const file = join(copy, plant.file);
  const before = readFileSync(file, "utf8");
  writeFileSync(file, planted(before, plant));
  try {
    return (
      caughtBySimulation() ?? (plant.test === undefined ? undefined : caughtByTest(plant.test))
    );
  } finally {
    writeFileSync(file, before);
  }
};

const wanted = process.argv.slice(2);
const chosen = PLANTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const holes: Array<string> = [];
console.log("| Plant | Where | Caught by |\n| --- | --- | --- |");
for (const plant of chosen) {
  const caught = catches(plant);
  if (caught === undefined) holes.push(plant.name);
  console.log(`| ${plant.name} | \`${plant.file}\` | ${caught ?? "**nothing**"} |`);
}
console.log(`\n${chosen.length} plants, ${chosen.length - holes.length} caught`);
process.exitCode = holes.length === 0 ? 0 : 1;
