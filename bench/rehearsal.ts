/**
 * What it costs to rehearse every object before the first write, beside the dry run of Helm that the chart is rendered by
 * anyway, and within the whole upgrade: node bench/rehearsal.ts [pairs]. Needs the packaged chart and `npm run build`.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { followEnvoyGateway, startCluster } from "../test/cluster/cluster.ts";
import {
  awaitDataPlane,
  embeddedChart,
  installOlder,
  type Operator,
  operator,
  tare,
} from "../test/cluster/e2e/tare.ts";
import { durationOf, readTrace } from "./breakdown.ts";
import { inPairs, installed, measured, ratioRow, seconds } from "./measure.ts";

const root = join(import.meta.dirname, "..");
const pairs = Number(process.argv[2] ?? 10);

const cluster = await startCluster({ readyMilliseconds: 50 });
const asIs: Operator = operator(cluster, "helm4");
const built = installed(join(root, `build/tare-${process.platform}-${process.arch}`), asIs.home);
const who: Operator = { ...asIs, helm: installed(asIs.helm, asIs.home), program: [built] };
await followEnvoyGateway(cluster);
await installOlder(who);

const trace = join(who.home, "trace.jsonl");
/** Controllers work on for seconds after a rollout. */
const QUIET_MILLIS = 5_000;

let count = 0;

const upgraded = async () => {
  rmSync(trace, { force: true });
  count += 1;
  const args = ["upgrade", who.identityFile, "--settle-time", "1ms", "--image-tag", `run-${count}`];
  const started = performance.now();
  const { code, stderr } = await tare(who, args, { TARE_TRACE: trace });
  const whole = performance.now() - started;
  if (code !== 0) throw new Error(stderr);
  await awaitDataPlane(who);
  const rehearsal = durationOf("tare.rehearse.objects")(readTrace(trace));
  return { rehearsal, whole };
};

const dryRun = async () => {
  const { millis } = await measured(
    {
      command: who.helm,
      args: [
        ...["upgrade", "tars", embeddedChart, "--namespace", "tars-system", "--skip-crds"],
        ...["--reuse-values", "--dry-run=server"],
      ],
      env: { ...cluster.env, HOME: who.home },
    },
    { look: false },
  );
  return { rehearsal: millis, whole: millis };
};

const atRest =
  <A>(side: () => Promise<A>) =>
  async (): Promise<A> => {
    await new Promise((done) => setTimeout(done, QUIET_MILLIS));
    const sample = await side();
    console.error(JSON.stringify(sample));
    return sample;
  };

// The first writes the CRDs.
await upgraded();
const samples = await inPairs(pairs, atRest(upgraded), atRest(dryRun));
const ofRehearsal = samples.map(({ ours, theirs }) => ({
  ours: ours.rehearsal,
  theirs: theirs.rehearsal,
}));
const shares = samples.map(({ ours }) => ({ ours: ours.rehearsal, theirs: ours.whole }));
console.log(
  [
    `${pairs} pairs; medians, and the median of the pairs' ratios`,
    "",
    "| | rehearsal | the other | ratio | target |",
    "| --- | --- | --- | --- | --- |",
    ratioRow("beside `helm upgrade --dry-run=server`", ofRehearsal, seconds),
    ratioRow("within the whole `tare upgrade`, unchanged CRDs", shares, seconds),
    "",
    `Longest rehearsal: ${seconds(Math.max(...shares.map(({ ours }) => ours)))}; shortest: ${seconds(Math.min(...shares.map(({ ours }) => ours)))}.`,
  ].join("\n"),
);
await cluster.stop();
process.exit(0);
