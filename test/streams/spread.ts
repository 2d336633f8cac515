/**
 * `npm run spread`: upgrades one after the other on two real nodes, and on which of them the proxies are after each; then one
 * upgrade where there is a single node. Takes a quarter of an hour.
 */
import { parseArgs } from "node:util";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { startTare } from "../cluster/e2e/running-tare.ts";
import { chartWith, objects, operator } from "../cluster/e2e/tare.ts";
import { buildNode } from "../cluster/node/node-build.ts";
import { installOlder } from "../cluster/node/older-release.ts";
import { DATA_PLANE } from "./proxies.ts";

const { values } = parseArgs({ options: { upgrades: { type: "string", default: "10" } } });

/** In turn, so that every upgrade replaces the proxies: there are images of both. */
const ENVOYS = ["distroless-v1.38.3", "distroless-v1.37.0"] as const;
/** As long as 1.1.0's proxies drain, so that they are replaced once. */
const FLAGS = ["--no-rate-limiting", "--drain-timeout-seconds", "60", "--settle-time", "5s"];

const proxies = ["pods", ...DATA_PLANE, "-l", "app.kubernetes.io/managed-by=envoy-gateway"];

const upgradesOn = async (cluster: Cluster, upgrades: number): Promise<boolean> => {
  const who = operator(cluster, "helm4");
  const nodes = cluster.node?.names ?? [];
  const charts = ENVOYS.map((tag) =>
    chartWith(who, (chart) => {
      chart.images = { envoy: { tag } };
    }),
  );
  await installOlder(cluster);
  console.log(
    `\n| upgrade | exit code | time | ${nodes.join(" | ")} |\n| ${"--- | ".repeat(nodes.length + 3)}`,
  );
  let allGood = true;
  for (let number = 1; number <= upgrades; number++) {
    const began = Date.now();
    const chart = charts[(number - 1) % charts.length] ?? "";
    const args = ["upgrade", who.identityFile, "--chart-path", chart, ...FLAGS];
    const { code, stderr } = await startTare(who, args, cluster.kubeconfig).ended;
    const seconds = ((Date.now() - began) / 1_000).toFixed(0);
    const running = (await objects(who, ...proxies)).filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    );
    const counts = nodes.map((node) => running.filter(({ spec }) => spec.nodeName === node).length);
    console.log(`| ${number} | ${code} | ${seconds} s | ${counts.join(" | ")} |`);
    if (code !== 0) console.error(stderr);
    allGood &&= code === 0 && counts.every((count) => count > 0);
  }
  return allGood;
};

const withNodes = async (realNodes: 1 | 2, upgrades: number): Promise<boolean> => {
  const cluster = await startCluster({ realNodes });
  try {
    return await upgradesOn(cluster, upgrades);
  } finally {
    await cluster.stop();
  }
};

await buildNode((line) => console.error(line));
const both = await withNodes(2, Number(values.upgrades));
const single = await withNodes(1, 1);
process.exitCode = both && single ? 0 : 1;
