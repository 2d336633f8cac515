/**
 * How time and memory grow with the cluster, on a real API server: `node bench/growth.ts [picture.svg]`, after
 * `npm run build`. CRDs of the chart, pods in the data plane's namespace, revisions of the release; each a whole run of
 * the executable, whose spans say how long the part took that grows.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Pod, Secret } from "../src/domain/kube/objects.ts";
import type { TracedSpan } from "../src/services/disk/trace-file.ts";
import { followEnvoyGateway, kubectl, startCluster } from "../test/cluster/cluster.ts";
import { installOlder, operator } from "../test/cluster/e2e/tare.ts";
import { durationOf, readTrace, untilEndOf } from "./breakdown.ts";
import { createAll, crowdOfPods, historyOf, writeChart } from "./crowd.ts";
import { type Growth, growthSvg, growthTable } from "./growth-report.ts";
import { installed, measured, median } from "./measure.ts";

const root = join(import.meta.dirname, "..");
const picture = process.argv[2];
const cluster = await startCluster();
const who = operator(cluster, "helm4");
const built = join(root, `build/tare-${process.platform}-${process.arch}`);
const executable = installed(built, who.home);
const trace = join(who.home, "trace.jsonl");
const env = {
  ...cluster.env,
  HOME: who.home,
  TMPDIR: who.home,
  TARE_HELM: who.helm,
  TARE_KUBECTL: cluster.kubectl,
  TARE_TRACE: trace,
};

await followEnvoyGateway(cluster);
await installOlder(who);

/** One run; how long the part took that grows, and the most memory that tare had. */
const tare = async (
  duration: (spans: ReadonlyArray<TracedSpan>) => number,
  args: ReadonlyArray<string>,
  codes: ReadonlyArray<number>,
) => {
  rmSync(trace, { force: true });
  const command = { command: executable, args: ["upgrade", who.identityFile, ...args], env };
  const { peak } = await measured(command, { codes });
  return { millis: duration(readTrace(trace)), mebibytes: peak };
};

const NOW = ["--settle-time", "1ms"];
const PLANNED = [0, 3];

const medianOf = async (runs: number, run: () => ReturnType<typeof tare>) => {
  const seen = [];
  for (let one = 0; one < runs; one++) seen.push(await run());
  return {
    millis: median(seen.map(({ millis }) => millis)),
    mebibytes: median(seen.map(({ mebibytes }) => mebibytes)),
  };
};

const rows: Array<Growth> = [];
const keep = (row: Growth): void => {
  rows.push(row);
  console.error(JSON.stringify(row));
};

const forgetHistory = async () => {
  await kubectl(cluster, ["delete", "secrets", "-n", "tars-system", "-l", "bench=history"]);
};

const writeHistory = async (size: number) => {
  await forgetHistory();
  await createAll(cluster, Secret, await historyOf(cluster, size));
};

/** Revisions first: a real upgrade would prune them. */
for (const size of [10, 64, 256]) {
  await writeHistory(size);
  const cost = await medianOf(3, () => tare(durationOf("tare.read.release"), ["--plan"], PLANNED));
  keep({ what: "revisions: reading the release", size, ...cost });
}
await forgetHistory();

await tare(durationOf("tare.upgrade"), NOW, [0]);
for (const size of [10, 200, 2_000]) {
  await createAll(cluster, Pod, crowdOfPods(size));
  const cost = await medianOf(3, () => tare(durationOf("RolloutGate.follow"), NOW, [0]));
  keep({ what: "pods: beginning to follow", size, ...cost });
}
await kubectl(cluster, [
  ...["delete", "pods", "-n", "tars-dataplane", "-l", "bench=crowd"],
  ...["--grace-period=0", "--force", "--wait=false"],
]);

/** In steps: a server that is given many hundred new kinds at once needs longer to serve them than tare waits. */
const STEP = 200;

let known = 0;
for (const size of [20, 200, 400, 600, 800, 1_000]) {
  const chart = join(who.home, `chart-${size}`);
  writeChart(join(root, "chart"), chart, size);
  const args = [...NOW, "--chart-path", chart];
  const written = await tare(durationOf("tare.phase.apply-crds"), args, [0]);
  if (known > 0 && size - known === STEP) {
    keep({ what: `CRDs: writing ${STEP} new ones, which makes`, size, ...written });
  }
  known = size;
  if (![20, 200, 1_000].includes(size)) continue;
  // The chart is read, its CRDs are compared and Helm loads it long before their turn.
  const cost = await medianOf(3, () => tare(untilEndOf("tare.phase.apply-crds"), args, [0]));
  keep({ what: "CRDs: none changed, from the start until that is settled", size, ...cost });
}

console.log(growthTable(rows));
if (picture !== undefined) writeFileSync(picture, growthSvg(rows));
await cluster.stop();
process.exit(0);
