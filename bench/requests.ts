/**
 * How many requests a run makes: `node bench/requests.ts`, after `npm run cluster:build`. Counted in the API server's audit
 * log by program; those of the Helm that tare runs are apart.
 */
import { countRequests, type Request, requestsOf } from "../test/cluster/client/audit.ts";
import { followEnvoyGateway, startCluster } from "../test/cluster/cluster.ts";
import { installOlder, operator, tare } from "../test/cluster/e2e/tare.ts";

const cluster = await startCluster();
const who = operator(cluster, "helm4");
await followEnvoyGateway(cluster);
await installOlder(who);

const READS = ["get", "list"];
const isDryRun = ({ query }: Request): boolean => query.get("dryRun") !== null;

const kinds: ReadonlyArray<readonly [string, (request: Request) => boolean]> = [
  ["reads", ({ verb }) => READS.includes(verb)],
  ["watches begun", ({ verb }) => verb === "watch"],
  ["dry runs", isDryRun],
  ["writes and reviews", (one) => ![...READS, "watch"].includes(one.verb) && !isDryRun(one)],
];

const runs: ReadonlyArray<readonly [string, ReadonlyArray<string>, number]> = [
  ["`tare history`", ["history"], 0],
  ["`tare upgrade --plan`", ["upgrade", who.identityFile, "--plan"], 3],
  ["`tare upgrade`, changed CRDs", ["upgrade", who.identityFile], 0],
  ["`tare upgrade`, unchanged CRDs", ["upgrade", who.identityFile, "--image-tag", "1.2.0-next"], 0],
];

console.log(`| | tare | ${kinds.map(([kind]) => kind).join(" | ")} | its Helm |`);
console.log(`| --- | --- | ${kinds.map(() => "---").join(" | ")} | --- |`);
for (const [name, args, expected] of runs) {
  const before = countRequests(cluster);
  const { code, stderr } = await tare(who, args);
  if (code !== expected) throw new Error(`${name}: exit ${code}\n${stderr}`);
  const ours = requestsOf(cluster, "tare", before);
  const theirs = requestsOf(cluster, "Helm", before).length;
  const counts = kinds.map(([, is]) => ours.filter(is).length);
  console.log(`| ${[name, ours.length, ...counts, theirs].join(" | ")} |`);
}
await cluster.stop();
