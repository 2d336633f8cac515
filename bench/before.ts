/**
 * The executable beside an older one: `node bench/before.ts <older executable> [pairs]`, after `npm run build` and
 * `npm run cluster:build`. Starting alone, reading a release, and a whole plan, which asks most of the cluster client.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { followEnvoyGateway, startCluster } from "../test/cluster/cluster.ts";
import { installOlder, operator } from "../test/cluster/e2e/tare.ts";
import { inPairs, installed, measured, mebibytes, millis, ratioRow } from "./measure.ts";

const older = process.argv[2];
if (older === undefined) throw new Error("which executable is it measured beside?");
const pairs = Number(process.argv[3] ?? 20);
const folder = mkdtempSync(join(tmpdir(), "tare-bench-before-"));
const built = join(import.meta.dirname, `../build/tare-${process.platform}-${process.arch}`);
const copyOf = (program: string, name: string): string => {
  mkdirSync(join(folder, name));
  return installed(program, join(folder, name));
};
const [now, before] = [copyOf(built, "now"), copyOf(older, "before")];

const cluster = await startCluster();
const who = operator(cluster, "helm4");
await followEnvoyGateway(cluster);
await installOlder(who);
const env = {
  ...cluster.env,
  HOME: who.home,
  TARE_HELM: who.helm,
  TARE_KUBECTL: cluster.kubectl,
};

/** What is asked, its exit code, and how many pairs: a plan takes seconds. */
const questions: ReadonlyArray<readonly [ReadonlyArray<string>, number, number]> = [
  [["--version"], 0, pairs],
  [["history"], 0, pairs],
  [["upgrade", who.identityFile, "--plan"], 3, Math.ceil(pairs / 4)],
];

console.log(
  `${pairs} pairs, of plans ${Math.ceil(pairs / 4)}; medians, and the median of the pairs' ratios\n`,
);
console.log("| | now | before | ratio | target |\n| --- | --- | --- | --- | --- |");
for (const [args, code, count] of questions) {
  const run = (command: string, look: boolean) => () =>
    measured({ command, args, env }, { look, codes: [code] });
  const compare = (look: boolean) => inPairs(count, run(now, look), run(before, look));
  const name = `\`tare ${args.filter((word) => !word.includes("/")).join(" ")}\``;
  const timed = (await compare(false)).map(({ ours, theirs }) => ({
    ours: ours.millis,
    theirs: theirs.millis,
  }));
  console.log(ratioRow(`${name}, time`, timed, millis, 1.05));
  const looked = (await compare(true)).map(({ ours, theirs }) => ({
    ours: ours.peak,
    theirs: theirs.peak,
  }));
  console.log(ratioRow(`${name}, peak memory`, looked, mebibytes, 1.05));
}
await cluster.stop();
rmSync(folder, { recursive: true });
