import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { operator } from "../cluster/e2e/tare.ts";
import { buildNode } from "../cluster/node/node-build.ts";
import { awaitRoute, gatewayUrl, startLoad } from "./load.ts";
import type { StreamsOptions } from "./options.ts";
import { isLeaving, type ProxyWatch, watchProxies } from "./proxies.ts";
import { bringUpRelease } from "./release.ts";
import type { StreamsRun } from "./report.ts";
import { PLANS, type Scene } from "./scenarios.ts";

/** A cluster of its own, a release with streams through it, and what became of them. */
export const runStreams = async (
  options: StreamsOptions,
  log: (line: string) => void,
): Promise<StreamsRun> => {
  await buildNode(log);
  log(`starting a cluster with ${options.nodes} real node(s)`);
  const cluster = await startCluster({ realNodes: options.nodes });
  try {
    return await runOn(cluster, options, log);
  } finally {
    await cluster.stop();
  }
};

const runOn = async (
  cluster: Cluster,
  options: StreamsOptions,
  log: (line: string) => void,
): Promise<StreamsRun> => {
  const who = operator(cluster, options.helm);
  const plan = PLANS[options.scenario];
  log(`installing release ${options.from}, ${options.replicas} proxies`);
  await bringUpRelease(who, options);
  await plan.prepare?.(who, options);
  const proxies = watchProxies(cluster);
  try {
    const scene: Scene = { who, options, proxies, log: (line) => log(`  ${line}`) };
    const url = await gatewayUrl(cluster);
    await awaitRoute(cluster, url);
    log(`beginning ${options.clients} streams of ${options.length} s`);
    const load = startLoad(cluster, url, options);
    try {
      await sleep(options.warmUp * 1_000);
      log(`acting: ${options.scenario}`);
      const act = await plan.act(scene);
      log(`exit code ${act.exitCode} after ${act.seconds.toFixed(0)} s; waiting for the streams`);
      // Nothing can happen any more to a stream of a proxy that stays.
      const gone = await leavingProxiesGone(proxies, options.length);
      const streams = await load.stop(gone ? "leave" : "wait");
      const { exitCode: planned } = plan;
      return { options, act, planned, streams, proxies: proxies.seen() };
    } finally {
      load.kill();
    }
  } finally {
    proxies.stop();
  }
};

/** New streams go on meanwhile. A proxy that outlives every stream it can have had is waited for no longer. */
const leavingProxiesGone = async (proxies: ProxyWatch, seconds: number): Promise<boolean> => {
  const deadline = Date.now() + seconds * 1_000;
  const leaving = () => proxies.seen().some(isLeaving);
  while (leaving() && Date.now() < deadline) await sleep(500);
  return !leaving();
};
