/**
 * `npm run bench`: every benchmark, and its figures into docs/benchmarks.md. `npm run bench -- start upgrade` runs those
 * two; `--list` says which there are. Needs the packaged chart, `npm run build` and `npm run cluster:build`, and a machine
 * with nothing else to do.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pageWith } from "./page.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGE = join(ROOT, "docs/benchmarks.md");

interface Benchmark {
  readonly name: string;
  /** Arguments of `node`, from the root of the checkout. */
  readonly args: ReadonlyArray<string>;
  /** Whether it prints Markdown; else its lines are shown as they are. */
  readonly markdown: boolean;
}

const BENCHMARKS: ReadonlyArray<Benchmark> = [
  { name: "start", args: ["bench/start.ts", "30"], markdown: true },
  { name: "upgrade", args: ["bench/upgrade.ts", "10", "docs/timeline.svg"], markdown: true },
  { name: "rehearsal", args: ["bench/rehearsal.ts", "6"], markdown: true },
  { name: "growth", args: ["bench/growth.ts", "docs/growth.svg"], markdown: true },
  { name: "crds", args: ["bench/crds.ts", "10"], markdown: true },
  { name: "requests", args: ["bench/requests.ts"], markdown: true },
  { name: "tracker", args: ["bench/tracker.ts"], markdown: false },
  { name: "doctor", args: ["bench/doctor.ts"], markdown: false },
  { name: "tool-cache", args: ["bench/tool-cache.ts"], markdown: false },
  { name: "simulate", args: ["test/simulation/main.ts", "--seeds", "1000"], markdown: false },
];

const outputOf = (args: ReadonlyArray<string>): Promise<string> =>
  new Promise((done, fail) => {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    child.once("error", fail);
    child.once("close", (code) =>
      code === 0 ? done(text.trim()) : fail(new Error(`node ${args.join(" ")}: exit code ${code}`)),
    );
  });

const machine = (): string => {
  const processors = cpus();
  const model = processors[0]?.model.trim() || "unknown processor";
  const memory = Math.round(totalmem() / 1024 ** 3);
  return `${processors.length} cores (${model}), ${memory} GiB, Linux ${release().split(".").slice(0, 2).join(".")}`;
};

/** What was measured: pinned by test/cluster/go, see docs/test-cluster.md. */
const versions = (): string => {
  const pins = readFileSync(join(ROOT, "test/cluster/go/current/go.mod"), "utf8");
  const pinned = (module: string) => pins.match(`${module} v(\\S+)`)?.[1] ?? "unknown";
  return `Node ${process.versions.node}, Helm ${pinned("helm.sh/helm/v4")}, Kubernetes ${pinned("k8s.io/kubernetes")}`;
};

const blockOf = ({ args, markdown }: Benchmark, output: string, load: number): string =>
  [
    `\`node ${args.join(" ")}\`, ${new Date().toISOString().slice(0, 10)}: ${machine()}; ${versions()}; load before the start ${load.toFixed(1)}.`,
    "",
    markdown ? output : `\`\`\`text\n${output}\n\`\`\``,
  ].join("\n");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: "boolean", default: false } },
});
const unknown = positionals.filter((name) => !BENCHMARKS.some((one) => one.name === name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(", ")}`);
  process.exit(2);
}
if (values.list) {
  console.log(BENCHMARKS.map(({ name, args }) => `${name}: node ${args.join(" ")}`).join("\n"));
  process.exit(0);
}
const chosen = BENCHMARKS.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
);
let failures = 0;
for (const benchmark of chosen) {
  const load = loadavg()[0] ?? Number.NaN;
  console.error(`${benchmark.name}: node ${benchmark.args.join(" ")}`);
  try {
    const output = await outputOf(benchmark.args);
    console.log(output);
    // Each at once: what comes later may fail.
    const page = readFileSync(PAGE, "utf8");
    writeFileSync(PAGE, pageWith(page, benchmark.name, blockOf(benchmark, output, load)));
  } catch (error) {
    failures++;
    console.error(String(error));
  }
}
process.exitCode = failures === 0 ? 0 : 1;
