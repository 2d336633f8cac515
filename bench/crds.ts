/**
 * The CRDs of an upgrade, tare against `kubectl apply --server-side --force-conflicts -f`, in pairs on one real API
 * server: node bench/crds.ts [pairs]. Needs the packaged chart and the older CRD files (TARE_TEST_CRDS).
 */
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem";
import { Effect, FileSystem } from "effect";
import type { CrdManifest } from "../src/domain/crds/plan.ts";
import { readChartCrds } from "../src/services/chart/chart-crds.ts";
import {
  applyCrds,
  type Cluster,
  kubectl,
  openCluster,
  run,
  startCluster,
} from "../test/cluster/cluster.ts";
import { crdsIn, olderFolder, runCrds } from "../test/cluster/crds-harness.ts";
import { inPairs, ratioRow, seconds } from "./measure.ts";

const pairs = Number(process.argv[2] ?? 5);
const chart = join(import.meta.dirname, "../chart");
const folder = join(chart, "charts/crds/crds");

const opened = process.env.TARE_TEST_CLUSTER_DIR;
const cluster: Cluster = opened ? openCluster(opened) : await startCluster();
process.env.HOME = mkdtempSync(join(cluster.dir, "bench-"));

const pause = (millis: number) => new Promise((done) => setTimeout(done, millis));

/**
 * The API server ends the objects of a kind before the kind, and when the first try fails it may wait for minutes before
 * the next. There are none here.
 */
const deleteAll = async (): Promise<void> => {
  await kubectl(cluster, ["delete", "crds", "--all", "--wait=false"]);
  await pause(3_000);
  const left = (await kubectl(cluster, ["get", "crds", "-o", "name"])).split("\n").filter(Boolean);
  const patch = ["--type=merge", "-p", '{"metadata":{"finalizers":null}}'];
  for (const name of left) await run(cluster, cluster.kubectl, ["patch", name, ...patch]);
};

const WATCHED_WITHIN_MILLIS = 120_000;

/** The kinds that somebody watches, as `plural.group`. */
const watchedKinds = async (): Promise<ReadonlySet<string>> => {
  const metrics = await kubectl(cluster, ["get", "--raw", "/metrics"]);
  const watches = metrics.matchAll(
    /^apiserver_longrunning_requests\{.*?group="([^"]+)".*?resource="([^"]+)".*?verb="WATCH".*?\} ([1-9])/gm,
  );
  return new Set([...watches].map(([, group, plural]) => `${plural}.${group}`));
};

/**
 * The older CRDs as Helm installed them, on a server at rest: the garbage collector watches every kind, as it does in any
 * cluster half a minute after a CRD came. Whatever changes a CRD makes the server end these watches and build anew what
 * serves them, so a measurement before that would leave out, by chance, a third of the work.
 */
const reset = async (): Promise<void> => {
  await deleteAll();
  await applyCrds(cluster, olderFolder);
  const names = crdsIn(olderFolder).map(({ metadata }) => metadata.name);
  const until = performance.now() + WATCHED_WITHIN_MILLIS;
  let watched: ReadonlySet<string> = new Set();
  while (!names.every((name) => watched.has(name))) {
    if (performance.now() > until) throw new Error("nobody watches the new kinds");
    await pause(1_000);
    watched = await watchedKinds();
  }
  await pause(3_000);
};

const timed = async <A>(action: () => Promise<A>): Promise<readonly [number, A]> => {
  const started = performance.now();
  const result = await action();
  return [performance.now() - started, result];
};

const TICKS_A_SECOND = 100;

/** Milliseconds of CPU that the API server has used so far: on two cores it is what everybody waits for. */
const serverCpu = (): number => {
  const record = readFileSync(join(cluster.dir, "processes/kube-apiserver.json"), "utf8");
  const { pid } = JSON.parse(record) as { readonly pid: number };
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return ((user + system) * 1_000) / TICKS_A_SECOND;
};

interface Theirs {
  readonly whole: number;
  readonly serverCpu: number;
}

const withKubectl = async (): Promise<Theirs> => {
  const args = ["apply", "--server-side", "--force-conflicts", "-f", folder];
  const before = serverCpu();
  const [millis, { code, stderr }] = await timed(() => run(cluster, cluster.kubectl, args));
  if (code !== 0) throw new Error(stderr);
  return { whole: millis, serverCpu: serverCpu() - before };
};

const manifests = (): Promise<ReadonlyArray<CrdManifest>> =>
  Effect.runPromise(
    Effect.flatMap(FileSystem.FileSystem, (fs) => readChartCrds(fs, "chart", chart)).pipe(
      Effect.provide(NodeFileSystem.layer),
    ),
  );

interface Sample {
  /** Files read, lock, live CRDs read, rules, dry run, backup, writes: all but the wait for discovery. */
  readonly whole: number;
  /** From the backup on, until the last write is answered: what kubectl does. */
  readonly applying: number;
  /** From the last write until discovery serves everything: Helm needs it, and kubectl does not wait for it. */
  readonly discovery: number;
  readonly serverCpu: number;
  readonly applyingServerCpu: number;
}

const withTare = async (expected: string): Promise<Sample> => {
  const before = serverCpu();
  let backedUp = before;
  const [all, { counts, error, millis, backedUpAfter = millis, writtenAfter = millis }] =
    await timed(async () =>
      runCrds(cluster.kubeconfig, await manifests(), () => {
        backedUp = serverCpu();
      }),
    );
  const after = serverCpu();
  if (error !== undefined) throw error;
  if (`${counts?.created}/${counts?.updated}/${counts?.skipped}` !== expected) {
    throw new Error(`counted ${JSON.stringify(counts)}, expected ${expected}`);
  }
  const discovery = millis - writtenAfter;
  return {
    whole: all - discovery,
    applying: writtenAfter - backedUpAfter,
    discovery,
    serverCpu: after - before,
    applyingServerCpu: after - backedUp,
  };
};

// Loading the client from its sources takes half a second, once; what starting costs is measured elsewhere.
await runCrds(cluster.kubeconfig, []);

interface Sides<Side> {
  readonly changed: Side;
  readonly unchanged: Side;
}

const twice = async <Side>(changed: () => Promise<Side>, unchanged: () => Promise<Side>) => {
  await reset();
  const first = await changed();
  await pause(3_000);
  const sides: Sides<Side> = { changed: first, unchanged: await unchanged() };
  console.error(JSON.stringify(sides));
  return sides;
};

const measurements = await inPairs(
  pairs,
  () =>
    twice(
      () => withTare("4/19/0"),
      () => withTare("0/0/23"),
    ),
  () => twice(withKubectl, withKubectl),
);

type Measurement = (typeof measurements)[number];

const row = (
  name: string,
  ours: (pair: Measurement) => number,
  theirs: (pair: Measurement) => number,
  target?: number,
): string =>
  ratioRow(
    name,
    measurements.map((pair) => ({ ours: ours(pair), theirs: theirs(pair) })),
    seconds,
    target,
  );

const kubectlsTime = ({ theirs }: Measurement): number => theirs.changed.whole;
const kubectlsCpu = ({ theirs }: Measurement): number => theirs.changed.serverCpu;
console.log(
  [
    `${pairs} pairs; medians, and the median of the ratios`,
    "",
    "| | tare | kubectl | ratio | target |",
    "| --- | --- | --- | --- | --- |",
    row("changed set, applying alone", ({ ours }) => ours.changed.applying, kubectlsTime, 0.5),
    row(
      "changed set, applying and the wait for discovery",
      ({ ours }) => ours.changed.applying + ours.changed.discovery,
      kubectlsTime,
    ),
    row("changed set, with dry run and backup", ({ ours }) => ours.changed.whole, kubectlsTime, 1),
    row(
      "changed set, with dry run, backup and the wait for discovery",
      ({ ours }) => ours.changed.whole + ours.changed.discovery,
      kubectlsTime,
    ),
    row(
      "unchanged set",
      ({ ours }) => ours.unchanged.whole,
      ({ theirs }) => theirs.unchanged.whole,
      0.2,
    ),
    row(
      "CPU of the API server: changed set, applying alone",
      ({ ours }) => ours.changed.applyingServerCpu,
      kubectlsCpu,
    ),
    row(
      "CPU of the API server: changed set, with dry run and backup",
      ({ ours }) => ours.changed.serverCpu,
      kubectlsCpu,
    ),
  ].join("\n"),
);
if (!opened) await cluster.stop();
process.exit(0);
