/**
 * The CRDs of an upgrade, tare against `kubectl apply --server-side --force-conflicts -f`, in pairs on one real API
 * server: node bench/crds.ts [pairs]. Needs the packaged chart and the older CRD files (TARE_TEST_CRDS).
 */
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem";
import { Effect, FileSystem } from "effect";
import type { CrdManifest } from "../src/domain/crds/plan.ts";
import { readChartCrds } from "../src/services/chart-crds.ts";
import {
  applyCrds,
  type Cluster,
  kubectl,
  openCluster,
  run,
  startCluster,
} from "../test/cluster/cluster.ts";
import { crdsIn, olderFolder, runCrds } from "../test/cluster/crds-harness.ts";

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

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

// Loading the client from its sources takes half a second, once; what starting costs is measured elsewhere.
await runCrds(cluster.kubeconfig, []);

const rows: Array<{ kubectl: Theirs; tare: Sample; kubectlAgain: Theirs; tareAgain: Sample }> = [];
for (let pair = 0; pair < pairs; pair++) {
  const theirs = async () => {
    await reset();
    const changed = await withKubectl();
    await pause(3_000);
    return [changed, await withKubectl()] as const;
  };
  const ours = async () => {
    await reset();
    const changed = await withTare("4/19/0");
    await pause(3_000);
    return [changed, await withTare("0/0/23")] as const;
  };
  // Who comes first alternates, so that what drifts hits both.
  const first = pair % 2 === 0;
  const [a, b] = first
    ? [await theirs(), await ours()]
    : await ours().then(async (done) => [await theirs(), done] as const);
  const row = { kubectl: a[0], tare: b[0], kubectlAgain: a[1], tareAgain: b[1] };
  rows.push(row);
  console.error(JSON.stringify(row));
}

const seconds = (millis: number) => `${(millis / 1000).toFixed(2)} s`;
const line = (
  name: string,
  ours: (row: (typeof rows)[number]) => number,
  theirs: (row: (typeof rows)[number]) => number,
) =>
  `| ${name} | ${seconds(median(rows.map(ours)))} | ${seconds(median(rows.map(theirs)))} | ${median(rows.map((row) => ours(row) / theirs(row))).toFixed(2)} |`;
console.log(
  [
    `${pairs} pairs; medians, and the median of the ratios`,
    "",
    "| | tare | kubectl | ratio |",
    "| --- | --- | --- | --- |",
    line(
      "changed set, applying alone",
      (r) => r.tare.applying,
      (r) => r.kubectl.whole,
    ),
    line(
      "changed set, with dry run and backup",
      (r) => r.tare.whole,
      (r) => r.kubectl.whole,
    ),
    line(
      "changed set, the same until discovery serves everything",
      (r) => r.tare.whole + r.tare.discovery,
      (r) => r.kubectl.whole,
    ),
    line(
      "unchanged set",
      (r) => r.tareAgain.whole,
      (r) => r.kubectlAgain.whole,
    ),
    line(
      "CPU of the API server: changed set, applying alone",
      (r) => r.tare.applyingServerCpu,
      (r) => r.kubectl.serverCpu,
    ),
    line(
      "CPU of the API server: changed set, with dry run and backup",
      (r) => r.tare.serverCpu,
      (r) => r.kubectl.serverCpu,
    ),
  ].join("\n"),
);
if (!opened) await cluster.stop();
process.exit(0);
