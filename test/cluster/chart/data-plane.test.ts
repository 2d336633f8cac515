import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyCrds, type Cluster, followEnvoyGateway, kubectl, startCluster } from "../cluster.ts";
import {
  awaitDataPlane,
  currentCrds,
  dataPlaneNamespace,
  helm,
  type Operator,
  objects,
  operator,
} from "../e2e/tare.ts";
import { proxyTemplates } from "./proxies.ts";
import { chart } from "./render.ts";

const where = ["--namespace", "tars-system"];
const collector = ["deployment/tars-otel-collector", ...where];

describe("the proxies", () => {
  let cluster: Cluster;
  let who: Operator;

  const release = async (verb: "install" | "upgrade", authorization: string): Promise<void> => {
    const endpoint = "otel.acme.example:4317";
    const otlp = { endpoint, headers: { Authorization: authorization } };
    const file = join(who.home, "values.json");
    const values = { otelCollector: { enabled: true, exporters: { otlp } } };
    writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
    await helm(who, [verb, "tars", chart, ...where, "--skip-crds", "--values", file, "--wait"]);
  };

  /** Envoy Gateway answers a change of endpoints within a second; it is given four. */
  const unchangedBy = async (change: () => Promise<unknown>): Promise<void> => {
    const before = await proxyTemplates(who);
    await change();
    await kubectl(cluster, ["rollout", "status", "--timeout=60s", ...collector]);
    await sleep(4000);
    expect(await proxyTemplates(who)).toEqual(before);
  };

  beforeAll(async () => {
    cluster = await startCluster();
    who = operator(cluster, "helm4");
    await followEnvoyGateway(cluster);
    await applyCrds(cluster, currentCrds);
    await kubectl(cluster, ["apply", "-f", "-"], { input: dataPlaneNamespace });
    await kubectl(cluster, ["create", "namespace", "tars-system"]);
    await release("install", "Bearer one");
    await awaitDataPlane(who);
  });
  afterAll(() => cluster.stop());

  it("know the collector by its name", async () => {
    const [deployment] = await objects(who, "deployments", "--namespace", "tars-dataplane");
    const bootstrap = deployment.spec.template.spec.containers[0].args.join("\n");
    expect(bootstrap).toContain("otel_metric_sink_0");
    expect(bootstrap).toContain("address: tars-otel-collector.tars-system.svc.cluster.local");
  });

  it("stay when every collector pod is replaced", () =>
    unchangedBy(() => kubectl(cluster, ["rollout", "restart", ...collector])));

  it("stay when there is no collector for a while", () =>
    unchangedBy(async () => {
      await kubectl(cluster, ["scale", "--replicas=0", ...collector]);
      await sleep(3000);
      await kubectl(cluster, ["scale", "--replicas=2", ...collector]);
    }));

  it("stay when a Helm upgrade changes nothing but the header", () =>
    unchangedBy(() => release("upgrade", "Bearer two")));

  describe("on two nodes", () => {
    const [busy, free, third] = ["node-b", "node-a", "node-c"] as const;

    /** The scheduler would rather put every pod on the other node. */
    const ballast = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "ballast", namespace: "default" },
      spec: {
        nodeName: busy,
        containers: [
          {
            name: "ballast",
            image: "ballast",
            resources: { requests: { cpu: "6", memory: "16Gi" } },
          },
        ],
      },
    };

    /** Replaces the proxies as an upgrade does, and tells where the new ones are. */
    const nodesAfterReplacing = async (turn: number): Promise<ReadonlyArray<string>> => {
      const pod = { labels: { "test.tars.io/turn": String(turn) } };
      const patch = { spec: { provider: { kubernetes: { envoyDeployment: { pod } } } } };
      const { generation } = await proxyTemplates(who);
      const target = ["envoyproxy/tars-egress", ...where, "--type=merge"];
      await kubectl(cluster, ["patch", ...target, "-p", JSON.stringify(patch)]);
      await expect
        .poll(async () => (await proxyTemplates(who)).generation, { timeout: 30_000 })
        .toBeGreaterThan(generation);
      await awaitDataPlane(who);
      const pods = await objects(who, "pods", "--namespace", "tars-dataplane");
      return pods
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ spec }) => spec.nodeName)
        .sort();
    };

    it("are on both after each of two upgrades", async () => {
      await kubectl(cluster, ["cordon", third]);
      await kubectl(cluster, ["apply", "-f", "-"], { input: ballast });
      for (let turn = 1; turn <= 2; turn++) {
        expect(await nodesAfterReplacing(turn)).toEqual([free, busy]);
      }
    });

    it("are replaced on one alone, too", async () => {
      await kubectl(cluster, ["cordon", busy]);
      expect(await nodesAfterReplacing(3)).toEqual([free, free]);
    });
  });
});
