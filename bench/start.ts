/**
 * What starting the executable costs beside starting Helm: `node bench/start.ts [pairs]`, after `npm run build` and
 * `npm run cluster:build`. Time and memory are taken in runs of their own, since looking at the memory takes time.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolPath } from "../test/cluster/tools.ts";
import { inPairs, installed, measured, mebibytes, millis, ratioRow } from "./measure.ts";

const pairs = Number(process.argv[2] ?? 30);
const folder = mkdtempSync(join(tmpdir(), "tare-bench-start-"));
const built = join(import.meta.dirname, `../build/tare-${process.platform}-${process.arch}`);
const tare = installed(built, folder);
const helm = installed(toolPath("helm4"), folder);
const env = { HOME: folder };

const compare = (ours: ReadonlyArray<string>, theirs: ReadonlyArray<string>, look: boolean) =>
  inPairs(
    pairs,
    () => measured({ command: tare, args: ours, env }, { look }),
    () => measured({ command: helm, args: theirs, env }, { look }),
  );

const questions = [
  {
    ours: ["--version"],
    theirs: ["version", "--short"],
    time: 0.9,
  },
  {
    ours: ["upgrade", "--help"],
    theirs: ["upgrade", "--help"],
    time: 1.5,
  },
];
const MEMORY = 1.6;

console.log(`${pairs} pairs; medians, and the median of the pairs' ratios\n`);
console.log("| | tare | Helm 4 | ratio | target |\n| --- | --- | --- | --- | --- |");
for (const { ours, theirs, time } of questions) {
  const name = `\`tare ${ours.join(" ")}\` and \`helm ${theirs.join(" ")}\``;
  await compare(ours, theirs, false);
  const timed = (await compare(ours, theirs, false)).map((pair) => ({
    ours: pair.ours.millis,
    theirs: pair.theirs.millis,
  }));
  console.log(ratioRow(`${name}, time`, timed, millis, time));
  const looked = (await compare(ours, theirs, true)).map((pair) => ({
    ours: pair.ours.peak,
    theirs: pair.theirs.peak,
  }));
  console.log(ratioRow(`${name}, peak memory`, looked, mebibytes, MEMORY));
}
rmSync(folder, { recursive: true });
