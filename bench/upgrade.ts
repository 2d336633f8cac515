/**
 * A whole upgrade on a real control plane, the executable against bench/upgrade.sh, in pairs whose order alternates:
 * node bench/upgrade.ts [pairs]. Needs the packaged chart, the older CRD files (TARE_TEST_CRDS) and `npm run build`.
 * Pods of the test cluster are ready within a second, so that the rollout itself is quick. tare's settling time is
 * switched off, since the script has none.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { applyCrds, followEnvoyGateway, startCluster } from "../test/cluster/cluster.ts";
import {
  awaitDataPlane,
  helm,
  installOlder,
  type Operator,
  operator,
} from "../test/cluster/e2e/tare.ts";

const root = join(import.meta.dirname, "..");
const pairs = Number(process.argv[2] ?? 10);
const chart = join(root, "chart");
const executable = join(root, `build/tare-${process.platform}-${process.arch}`);

interface Cost {
  readonly millis: number;
  /** Of the process itself and of the helm processes that it started, MiB. */
  readonly peak: number;
  readonly helmPeak: number;
}

const peakOf = (pid: number): number => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

const childrenOf = (pid: number): ReadonlyArray<number> => {
  try {
    const text = readdirSync(`/proc/${pid}/task`)
      .map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8"))
      .join(" ");
    return text.split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

/** The kernel keeps the peak, so that looking now and then is enough. */
const measured = (command: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv) =>
  new Promise<Cost>((done, fail) => {
    const started = performance.now();
    const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    let [peak, helmPeak] = [0, 0];
    const look = setInterval(() => {
      peak = Math.max(peak, peakOf(child.pid ?? 0));
      for (const pid of childrenOf(child.pid ?? 0)) helmPeak = Math.max(helmPeak, peakOf(pid));
    }, 20);
    child.on("error", fail);
    child.on("exit", (code) => {
      clearInterval(look);
      if (code === 0) done({ millis: performance.now() - started, peak, helmPeak });
      else fail(new Error(`${command}: exit ${code}\n${said}`));
    });
  });

const cluster = await startCluster();
const who: Operator = operator(cluster, "helm4");
await followEnvoyGateway(cluster);
await installOlder(who);

const overrides = join(who.home, "overrides.json");
writeFileSync(
  overrides,
  JSON.stringify({
    global: { dataplaneNamespace: "tars-dataplane" },
    ha: { enabled: true },
    shutdown: { drainTimeout: "300s" },
    redis: { type: "cluster" },
    rateLimiting: { enabled: true },
  }),
);
const env = {
  ...cluster.env,
  HOME: who.home,
  TMPDIR: who.home,
  TARE_HELM: who.helm,
  TARE_KUBECTL: cluster.kubectl,
  HELM: who.helm,
  KUBECTL: cluster.kubectl,
  CHART: chart,
  OVERRIDES: overrides,
  ATOMIC: "rollback-on-failure",
};

const theirs = () => measured("bash", [join(root, "bench/upgrade.sh")], env);
const ours = () => measured(executable, ["upgrade", who.identityFile, "--settle-time", "1ms"], env);

const pause = (millis: number) => new Promise((done) => setTimeout(done, millis));

/** Every CRD with another description: real downgrades are refused once newer versions have been stored. */
const writeOtherCrds = (): string => {
  const into = join(who.home, "other-crds");
  mkdirSync(into);
  const folder = join(chart, "charts/crds/crds");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml"))) {
    const crd = parse(readFileSync(join(folder, file), "utf8"));
    for (const version of crd.spec.versions) {
      version.schema.openAPIV3Schema.description = "another description";
    }
    writeFileSync(join(into, file), stringify(crd));
  }
  return into;
};
const otherCrds = writeOtherCrds();

/** Back to the older release; with other CRDs as well when the next upgrade is to change them. */
const reset = async (changedCrds: boolean): Promise<void> => {
  await helm(who, ["rollback", "tars", "1", "--namespace", "tars-system", "--wait"]);
  await awaitDataPlane(who);
  if (changedCrds) await applyCrds(cluster, otherCrds);
  await pause(4_000);
};

const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
};

interface Pair {
  readonly tare: Cost;
  readonly script: Cost;
}

const runPairs = async (changedCrds: boolean): Promise<ReadonlyArray<Pair>> => {
  const rows: Array<Pair> = [];
  for (let pair = 0; pair < pairs; pair++) {
    const measure = async (side: () => Promise<Cost>) => {
      await reset(changedCrds);
      return await side();
    };
    const tareFirst = pair % 2 === 0;
    const first = await measure(tareFirst ? ours : theirs);
    const second = await measure(tareFirst ? theirs : ours);
    const row = tareFirst ? { tare: first, script: second } : { tare: second, script: first };
    rows.push(row);
    console.error(changedCrds ? "changed CRDs" : "unchanged CRDs", JSON.stringify(row));
  }
  return rows;
};

const seconds = (millis: number) => `${(millis / 1000).toFixed(2)} s`;
const line = (name: string, rows: ReadonlyArray<Pair>): string => {
  const [tare, script] = [
    median(rows.map((row) => row.tare.millis)),
    median(rows.map((row) => row.script.millis)),
  ];
  const ratio = median(rows.map((row) => row.tare.millis / row.script.millis));
  return `| ${name} | ${seconds(tare)} | ${seconds(script)} | ${ratio.toFixed(2)} |`;
};

await ours();
const changed = await runPairs(true);
const unchanged = await runPairs(false);
const memory = [...changed, ...unchanged].map(({ tare }) => tare);
console.log(
  [
    `${pairs} pairs; medians, and the median of the ratios`,
    "",
    "| | tare | script | ratio |",
    "| --- | --- | --- | --- |",
    line("changed CRDs", changed),
    line("unchanged CRDs", unchanged),
    "",
    `peak memory: tare ${median(memory.map(({ peak }) => peak)).toFixed(0)} MiB, its helm ${median(memory.map(({ helmPeak }) => helmPeak)).toFixed(0)} MiB, ratio ${median(memory.map(({ peak, helmPeak }) => peak / helmPeak)).toFixed(2)}`,
  ].join("\n"),
);
await cluster.stop();
process.exit(0);
