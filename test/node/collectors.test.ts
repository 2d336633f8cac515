/** Collectors come and go, and so do the headers they send: the proxies that report to them stay. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cluster, kubectl, startCluster } from "../cluster/cluster.ts";
import { helm, type Operator, objects, operator } from "../cluster/e2e/tare.ts";
import { DEFAULTS } from "../streams/options.ts";
import { DATA_PLANE } from "../streams/proxies.ts";
import { bringUpRelease } from "../streams/release.ts";
import { describeInTurn } from "./in-turn.ts";

const CHART = join(import.meta.dirname, "../../chart");
const PROXIES = ["-l", "app.kubernetes.io/managed-by=envoy-gateway"];
const SYSTEM = ["--namespace", "tars-system"];
const COLLECTORS = ["-l", "app.kubernetes.io/name=tars-otel-collector"];
/** The controller sees a change within a second, and would have made a ReplicaSet by then. */
const LONG_ENOUGH = 20_000;

describeInTurn("collectors", () => {
  let cluster: Cluster;
  let who: Operator;
  beforeAll(async () => {
    cluster = await startCluster({ realNodes: 1 });
    who = operator(cluster, "helm4");
    await bringUpRelease(who, { ...DEFAULTS, from: "1.2.0", everything: true });
  });
  afterAll(() => cluster?.stop());

  const proxies = async () => {
    const sets = await objects(who, "replicasets", ...DATA_PLANE, ...PROXIES);
    const pods = await objects(who, "pods", ...DATA_PLANE, ...PROXIES);
    return [...sets, ...pods].map(({ metadata }) => metadata.uid as string).sort();
  };

  const collectors = async () =>
    (await objects(who, "pods", ...SYSTEM, ...COLLECTORS)).map(
      ({ metadata }) => metadata.uid as string,
    );

  it("that are all replaced leave the proxies as they are", async () => {
    const [before, old] = [await proxies(), await collectors()];
    expect(old.length).toBeGreaterThan(0);
    await kubectl(cluster, ["delete", "pods", ...SYSTEM, ...COLLECTORS]);
    const status = ["rollout", "status", "deployment/tars-otel-collector", "--timeout=120s"];
    await kubectl(cluster, [...status, ...SYSTEM]);
    await sleep(LONG_ENOUGH);
    expect((await collectors()).filter((uid) => old.includes(uid))).toEqual([]);
    expect(await proxies()).toEqual(before);
  });

  it("that get another header leave the proxies as they are", async () => {
    const [before, old] = [await proxies(), await collectors()];
    const file = join(who.home, "header.json");
    const headers = { Authorization: "Bearer another" };
    writeFileSync(file, JSON.stringify({ otelCollector: { exporters: { otlp: { headers } } } }));
    const flags = ["--reuse-values", "--values", file, "--wait", "--timeout", "3m"];
    await helm(who, ["upgrade", "tars", CHART, ...SYSTEM, ...flags]);
    await sleep(LONG_ENOUGH);
    expect((await collectors()).filter((uid) => old.includes(uid))).toEqual([]);
    expect(await proxies()).toEqual(before);
  });
});
