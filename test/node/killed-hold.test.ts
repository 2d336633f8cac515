/** kill -9 while real proxies are held: they go on serving, whatever operators do by hand, and the next run ends well. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cluster, kubectl, startCluster } from "../cluster/cluster.ts";
import { startTare, until } from "../cluster/e2e/running-tare.ts";
import { type Operator, objects, operator } from "../cluster/e2e/tare.ts";
import { awaitRoute, gatewayUrl, startLoad } from "../streams/load.ts";
import { DEFAULTS, type StreamsOptions } from "../streams/options.ts";
import { DATA_PLANE } from "../streams/proxies.ts";
import { bringUpRelease } from "../streams/release.ts";
import { describeInTurn } from "./in-turn.ts";

const ASKED = 180;
const OPTIONS: StreamsOptions = {
  ...DEFAULTS,
  from: "1.2.0",
  runningDrain: 12,
  replicas: 3,
  nodes: 2,
  clients: 20,
  length: 30,
};
const EGRESS = ["deployment/egress", ...DATA_PLANE];

describeInTurn("killed holds", () => {
  let cluster: Cluster;
  let who: Operator;
  beforeAll(async () => {
    cluster = await startCluster({ realNodes: 2 });
    who = operator(cluster, "helm4");
    await bringUpRelease(who, OPTIONS);
  });
  afterAll(() => cluster?.stop());

  const start = () =>
    startTare(
      who,
      ["upgrade", who.identityFile, "--no-rate-limiting", "--drain-timeout-seconds", `${ASKED}`],
      cluster.kubeconfig,
    );

  const held = async () =>
    (await objects(who, "pods", ...DATA_PLANE, "-l", "tars.io/held")).filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    );

  const inRotation = async () => {
    const label = "gateway.envoyproxy.io/owning-gateway-name=egress";
    return (await objects(who, "pods", ...DATA_PLANE, "-l", label)).filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    );
  };

  it("block nothing beyond the drain time, and the next run clears them", async () => {
    const url = await gatewayUrl(cluster);
    await awaitRoute(cluster, url);
    const load = startLoad(cluster, url, OPTIONS);
    try {
      await sleep(OPTIONS.length * 1_000);
      const run = start();
      await until("a proxy out of rotation", () => run.said().includes("out of rotation"), 180);
      run.kill();
      await run.ended;
      const killedAt = Date.now();
      expect((await held()).length).toBeGreaterThan(0);

      const bound = `--timeout=${ASKED}s`;
      await kubectl(cluster, ["rollout", "restart", ...EGRESS]);
      await kubectl(cluster, ["rollout", "status", bound, ...EGRESS]);
      await kubectl(cluster, ["scale", "--replicas=2", ...EGRESS]);
      await until("two proxies", async () => (await inRotation()).length === 2, ASKED);
      const flags = ["--ignore-daemonsets", "--delete-emptydir-data", bound];
      await kubectl(cluster, ["drain", "real-b", ...flags]);
      await kubectl(cluster, ["uncordon", "real-b"]);
      const left = ASKED + 60 - (Date.now() - killedAt) / 1_000;
      await until("the end of what was held", async () => (await held()).length === 0, left);

      const next = await start().ended;
      expect(next.code, next.stderr).toBe(0);
      expect(next.stderr).toContain("Upgrade completed.");
      const guards = ["jobs", ...DATA_PLANE, "-l", "tars.io/hold-role"];
      expect(await objects(who, ...guards)).toEqual([]);
      expect(await held()).toEqual([]);
      const { counts } = await load.stop("leave");
      expect(counts.complete).toBeGreaterThan(OPTIONS.clients);
      expect(counts.notServed).toBe(0);
    } finally {
      load.kill();
    }
  });
});
