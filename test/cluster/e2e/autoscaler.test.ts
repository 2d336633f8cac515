/** Pods that fit on no node are waited for, for as long as an autoscaler says that a node is coming. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, kubectl, run } from "../cluster.ts";
import { until } from "./running-tare.ts";
import {
  clusterWithRelease,
  currentCrds,
  type Operator,
  objects,
  startUpgrade,
  states,
} from "./tare.ts";

/** Without a word from an autoscaler, a pod is given up after two minutes. */
const LONGER_THAN_THE_GRACE = 135_000;
const NODES = ["node-a", "node-b", "node-c"];

describe("a slow autoscaler", () => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
  });
  afterAll(() => cluster?.stop());

  const pending = async () =>
    (await objects(who, "pods", "--all-namespaces")).filter(
      ({ metadata, status }) =>
        metadata.namespace.startsWith("tars-") && status.phase === "Pending",
    );

  /** As cluster-autoscaler says it. */
  const announce = async (): Promise<void> => {
    const now = new Date().toISOString().replace(/\.\d+/, "");
    for (const { metadata } of await pending()) {
      const { name, namespace, uid } = metadata;
      const event = {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: `${name}.scaleup`, namespace },
        involvedObject: { apiVersion: "v1", kind: "Pod", name, namespace, uid },
        reason: "TriggeredScaleUp",
        message: "pod triggered scale-up: [{workers 3->4 (max: 10)}]",
        type: "Normal",
        source: { component: "cluster-autoscaler" },
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      };
      // The pod may have gone meanwhile, and its event with it.
      await run(cluster, cluster.kubectl, ["apply", "-f", "-"], { input: event });
    }
  };

  it("is waited for", async () => {
    const running = startUpgrade(who, ["--timeout", "6m", "--image-tag", "run-1"]);
    await running.seen(/\[5\/5\]/);
    await kubectl(cluster, ["cordon", ...NODES]);
    await until("pods without a node", async () => (await pending()).length > 0);
    const roomAt = Date.now() + LONGER_THAN_THE_GRACE;
    while (Date.now() < roomAt) {
      await announce();
      await sleep(5_000);
    }
    await kubectl(cluster, ["uncordon", ...NODES]);
    const { code, stderr } = await running.exit;
    expect(code, stderr).toBe(0);
    expect(await states(who)).toBe("1 superseded, 2 deployed");
  });
});
