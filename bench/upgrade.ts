/**
 * A whole upgrade on a real control plane, the executable against bench/upgrade.sh, in pairs whose order alternates:
 * node bench/upgrade.ts [pairs [timeline.svg]]. Needs the packaged chart, the older CRD files (TARE_TEST_CRDS) and `npm run build`.
 * Pods of the test cluster are ready almost at once, and a new proxy has to stay so for no time, so that the rollout
 * itself is quick. tare's settling time is switched off, since the script has none.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { applyCrds, followEnvoyGateway, startCluster } from "../test/cluster/cluster.ts";
import {
  awaitDataPlane,
  chartWith,
  helm,
  history,
  installOlder,
  type Operator,
  operator,
} from "../test/cluster/e2e/tare.ts";
import { type Breakdown, breakdownOf, breakdownTable, readTrace } from "./breakdown.ts";
import {
  type Cost,
  inPairs,
  installed,
  measured,
  mebibytes,
  median,
  ratioRow,
  seconds,
} from "./measure.ts";
import { timelineSvg } from "./timeline.ts";

const root = join(import.meta.dirname, "..");
const pairs = Number(process.argv[2] ?? 10);
const picture = process.argv[3];
const chart = join(root, "chart");
const built = join(root, `build/tare-${process.platform}-${process.arch}`);

const cluster = await startCluster({ readyMilliseconds: 50 });
const asIs: Operator = operator(cluster, "helm4");
const who: Operator = { ...asIs, helm: installed(asIs.helm, asIs.home) };
const executable = installed(built, who.home);
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
// The rollout is to be quick: the chart's own 10 s that a new proxy has to stay ready would be the same for both.
const quickChart = chartWith(who, (values) => {
  values.envoyProxy.minReadySeconds = 0;
});
const env = {
  ...cluster.env,
  HOME: who.home,
  TMPDIR: who.home,
  TARE_HELM: who.helm,
  TARE_KUBECTL: cluster.kubectl,
  HELM: who.helm,
  KUBECTL: cluster.kubectl,
  CHART: quickChart,
  OVERRIDES: overrides,
  ATOMIC: "rollback-on-failure",
};

interface Sample extends Cost {
  readonly breakdown?: Breakdown;
}

const trace = join(who.home, "trace.jsonl");

const script = (): Promise<Sample> =>
  measured({ command: "bash", args: [join(root, "bench/upgrade.sh")], env });

const tare = async (): Promise<Sample> => {
  rmSync(trace, { force: true });
  const startedAt = Date.now();
  const cost = await measured({
    command: executable,
    args: ["upgrade", who.identityFile, "--settle-time", "1ms", "--chart-path", quickChart],
    env: { ...env, TARE_TRACE: trace },
  });
  return { ...cost, breakdown: breakdownOf(readTrace(trace), startedAt, cost.millis) };
};

/** Controllers work on for seconds after a reset; whoever came next would pay for it in its first second. */
const QUIET_MILLIS = 8_000;

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
  // Helm keeps ten revisions: the first is soon gone, but every reset makes another of the older chart.
  const older = (await history(who)).findLast(({ chart: name }) => name === "tars-1.1.0");
  if (older === undefined) throw new Error("no revision of the older chart is left");
  const to = String(older.revision);
  await helm(who, ["rollback", "tars", to, "--namespace", "tars-system", "--wait"]);
  await awaitDataPlane(who);
  if (changedCrds) await applyCrds(cluster, otherCrds);
  await pause(QUIET_MILLIS);
};

const runPairs = async (changedCrds: boolean) => {
  const after = (side: () => Promise<Sample>) => async (): Promise<Sample> => {
    await reset(changedCrds);
    const sample = await side();
    console.error(changedCrds ? "changed CRDs" : "unchanged CRDs", JSON.stringify(sample));
    return sample;
  };
  return await inPairs(pairs, after(tare), after(script));
};

const timesOf = (samples: Awaited<ReturnType<typeof runPairs>>) =>
  samples.map(({ ours, theirs }) => ({ ours: ours.millis, theirs: theirs.millis }));

await tare();
const changed = await runPairs(true);
// What kubectl applied last is taken over once; from then on nothing changes.
await reset(false);
await tare();
const unchanged = await runPairs(false);
// The last run of all: that of a quiet cluster, with unchanged CRDs.
if (picture !== undefined) writeFileSync(picture, timelineSvg(readTrace(trace)));
const breakdowns = unchanged.flatMap((pair) => pair.ours.breakdown ?? []);
const ofHelm = changed.map(({ ours }) => ({ ours: ours.peak, theirs: ours.childPeak }));
console.log(
  [
    `${pairs} pairs of each kind; medians, and the median of the pairs' ratios.`,
    "",
    "| | tare | script | ratio | target |",
    "| --- | --- | --- | --- | --- |",
    ratioRow("changed CRDs", timesOf(changed), seconds, 0.7),
    ratioRow("unchanged CRDs", timesOf(unchanged), seconds, 0.6),
    "",
    "| | tare | its largest Helm | ratio | target |",
    "| --- | --- | --- | --- | --- |",
    ratioRow("peak memory, changed CRDs", ofHelm, mebibytes, 1.5),
    "",
    "Where the time of tare goes when the CRDs are unchanged (medians):",
    "",
    breakdownTable(breakdowns),
    "",
    `What tare adds around its own \`helm upgrade\`: ${seconds(median(breakdowns.map(({ added }) => added)))} (target 0.50 s).`,
    `With changed CRDs, dry run and backup take ${seconds(median(changed.flatMap((pair) => pair.ours.breakdown?.crdsRehearsed ?? [])))}, writing ${seconds(median(changed.flatMap((pair) => pair.ours.breakdown?.crdsWritten ?? [])))}.`,
  ].join("\n"),
);
await cluster.stop();
process.exit(0);
