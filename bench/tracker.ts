/**
 * What the rollout tracker costs while 2,000 pods that are none of its business come and go: `node bench/tracker.ts`, on a
 * real API server (see docs/test-cluster.md). CPU and memory are those of this process, which does nothing else.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Effect, Layer } from "effect";
import { layerKubectlApi } from "../src/services/kube/KubectlApi.ts";
import { RolloutGate } from "../src/services/rollout/RolloutGate.ts";
import { layerRolloutGateWatching } from "../src/services/rollout/RolloutGateWatching.ts";
import { layerProxyStatsByPodProxy } from "../src/services/streams/ProxyStatsByPodProxy.ts";
import {
  type Cluster,
  followEnvoyGateway,
  kubectl,
  startCluster,
} from "../test/cluster/cluster.ts";
import { currentCrds, installOlder, operator } from "../test/cluster/e2e/tare.ts";
import { waitUntil } from "../test/cluster/processes.ts";

const PODS_EACH = 1_000;
const NAMESPACES = ["tars-system", "tars-dataplane"];
const SECONDS = 30;
const MiB = 1024 * 1024;
const TARGET_CPU_PERCENT = 5;
const TARGET_MIB = 50;

/** Pods that no scheduler takes: they exist, and cost nobody anything but the API server. */
const crowd = (namespace: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "crowd", namespace },
  spec: {
    replicas: PODS_EACH,
    selector: { matchLabels: { app: "crowd" } },
    template: {
      metadata: { labels: { app: "crowd" } },
      spec: {
        schedulerName: "nobody",
        containers: [{ name: "idle", image: "registry.example.com/idle:1" }],
      },
    },
  },
});

const fillWithPods = async (cluster: Cluster): Promise<void> => {
  for (const namespace of NAMESPACES) {
    await kubectl(cluster, ["apply", "-f", "-"], { input: crowd(namespace) });
  }
  await waitUntil(
    `${PODS_EACH * 2} pods`,
    async () => {
      const counts = await Promise.all(
        NAMESPACES.map((namespace) =>
          kubectl(cluster, [
            ...["get", "deployment", "crowd", "--namespace", namespace],
            ...["-o", "jsonpath={.status.replicas}"],
          ]),
        ),
      );
      return counts.every((count) => Number(count) === PODS_EACH);
    },
    { dir: cluster.dir, processes: [], seconds: 600 },
  );
};

/** One pod after another is replaced, by a process of its own: what a busy namespace looks like to a watch. */
const churn = (cluster: Cluster): ChildProcess => {
  const one = NAMESPACES.map(
    (namespace) =>
      `"$K" delete --wait=false -n ${namespace} ` +
      `$("$K" get pods -n ${namespace} -l app=crowd --limit=1 -o name | head -1)`,
  ).join("; ");
  const env = { ...cluster.env, K: cluster.kubectl };
  return spawn("sh", ["-c", `while :; do ${one}; sleep 0.5; done`], { env, stdio: "ignore" });
};

const follow = (cluster: Cluster) =>
  Effect.scoped(
    Effect.gen(function* () {
      let followed = 0;
      const gate = yield* RolloutGate;
      yield* gate.follow({
        release: { name: "tars", namespace: "tars-system" },
        dataplaneNamespace: "tars-dataplane",
        onProgress: (progress) =>
          Effect.sync(() => {
            followed = progress.length;
          }),
      });
      // What a first look loads and compiles is not what watching costs.
      yield* Effect.sleep("5 seconds");
      if (followed === 0) return yield* Effect.die("nothing is followed");
      globalThis.gc?.();
      const memory = process.memoryUsage.rss();
      const cpu = process.cpuUsage();
      yield* Effect.sleep(`${SECONDS} seconds`);
      const { user, system } = process.cpuUsage(cpu);
      const percent = (user + system) / 1e4 / SECONDS;
      return { percent, grown: (process.memoryUsage.rss() - memory) / MiB };
    }),
  ).pipe(
    Effect.provide(
      layerRolloutGateWatching.pipe(
        Layer.provide(layerProxyStatsByPodProxy),
        Layer.provide(layerKubectlApi({ kubeconfig: cluster.env.KUBECONFIG, context: undefined })),
      ),
    ),
  );

const cluster = await startCluster();
try {
  await followEnvoyGateway(cluster);
  await installOlder(operator(cluster, "helm4"), undefined, currentCrds);
  const before = process.memoryUsage.rss();
  const alone = await Effect.runPromise(follow(cluster));
  await fillWithPods(cluster);
  const replacing = churn(cluster);
  const crowded = await Effect.runPromise(follow(cluster));
  const total = (process.memoryUsage.rss() - before) / MiB;
  replacing.kill();
  console.log(`alone: ${alone.percent.toFixed(1)} % of a core, ${alone.grown.toFixed(1)} MiB more`);
  console.log(
    `among ${PODS_EACH * 2} pods: ${crowded.percent.toFixed(1)} % of a core (target ${TARGET_CPU_PERCENT}), ` +
      `${crowded.grown.toFixed(1)} MiB more; ${total.toFixed(1)} MiB since before the first (target ${TARGET_MIB})`,
  );
  if (crowded.percent >= TARGET_CPU_PERCENT || total >= TARGET_MIB) process.exitCode = 1;
} finally {
  await cluster.stop();
}
