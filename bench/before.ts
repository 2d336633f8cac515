/**
 * The executable beside an older one: `node bench/before.ts <older executable> [pairs]`, after `npm run build`. Starting
 * alone, and starting with all that reads a kubeconfig and asks a server, of which there is none.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

const kubeconfig = join(folder, "kubeconfig");
const config = {
  "current-context": "x",
  clusters: [
    { name: "c", cluster: { server: "https://127.0.0.1:1", "insecure-skip-tls-verify": true } },
  ],
  contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  users: [{ name: "u", user: { token: "t" } }],
};
writeFileSync(kubeconfig, JSON.stringify(config));
const env = { HOME: folder, KUBECONFIG: kubeconfig };

const questions = [
  { name: "`tare --version`", args: ["--version"], codes: [0] },
  { name: "`tare history`, no server", args: ["history"], codes: [10] },
];

console.log(`${pairs} pairs; medians, and the median of the pairs' ratios\n`);
console.log("| | now | before | ratio | target |\n| --- | --- | --- | --- | --- |");
for (const { name, args, codes } of questions) {
  const run = (command: string, look: boolean) => () =>
    measured({ command, args, env }, { look, codes });
  const compare = (look: boolean) => inPairs(pairs, run(now, look), run(before, look));
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
rmSync(folder, { recursive: true });
