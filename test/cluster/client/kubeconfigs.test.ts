import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForPackage } from "../../../scripts/build/bundle.ts";
import { type Cluster, type RunResult, run, startCluster } from "../cluster.ts";
import { authorityPath } from "../control-plane.ts";
import { type Operator, operator, tare } from "../e2e/tare.ts";
import { issue, makeAuthority, save, selfSigned } from "./certificates.ts";
import { type Input, writeCorpus } from "./corpus.ts";
import { type Fronts, startFronts } from "./fronts.ts";

/** Every kubeconfig with kubectl, Helm and tare side by side, on a real API server. */
describe("a kubeconfig", () => {
  let cluster: Cluster;
  let who: Operator;
  let fronts: Fronts;
  let inputs: ReadonlyArray<Input>;
  let secrets: ReadonlyArray<string>;

  beforeAll(async () => {
    cluster = await startCluster({ clientAuthority: makeAuthority });
    // Started so often, it should start quickly.
    const program = join(cluster.dir, "tare");
    await bundleForPackage(program);
    save(join(program, "package.json"), '{"type":"module"}');
    who = {
      ...operator(cluster, "helm4"),
      program: [process.execPath, join(program, "main.js")],
    };
    const folder = mkdtempSync(join(cluster.dir, "kubeconfigs-"));
    const plane = JSON.parse(readFileSync(join(cluster.dir, "cluster.json"), "utf8"));
    const front = selfSigned(folder, "front");
    const pair = issue(join(cluster.dir, "pki"), "alice", "system:masters");
    const token: string = plane.tokens.admin;
    fronts = await startFronts(plane.ports.api, token, front);
    const authority = readFileSync(authorityPath(cluster.dir), "utf8");
    inputs = writeCorpus({
      folder,
      port: plane.ports.api,
      authority,
      token,
      pair,
      fronts,
      frontAuthority: front.cert,
    });
    const keyLine = pair.key.split("\n")[1] ?? "";
    const login = ["Tr0ub4dor&3", "proxy-p", Buffer.from(pair.key).toString("base64").slice(0, 60)];
    secrets = [token, keyLine, ...login];
  });
  afterAll(async () => {
    fronts.close();
    await cluster.stop();
  });

  const works = ({ code }: RunResult): boolean => code === 0;
  /** Nothing is installed: that is what a tare finds that has reached the cluster. */
  const reached = ({ code }: RunResult): boolean => code === 11;

  it("means to tare what it means to kubectl and Helm", async () => {
    const rows: Array<{
      readonly name: string;
      readonly verdicts: ReadonlyArray<boolean>;
      readonly tare: RunResult;
    }> = [];
    const tryOne = async ({ name, kubeconfig, env = {} }: Input) => {
      const own = { HOME: who.home, KUBECONFIG: kubeconfig, ...env };
      const options = { env: { ...cluster.env, ...own } };
      // Without its discovery, which takes seconds.
      const path = "/api/v1/namespaces/tars-system/secrets?limit=1";
      const kubectl = await run(options, cluster.kubectl, ["get", "--raw", path]);
      const helm = await run(options, who.helm, ["list", "--namespace", "tars-system"]);
      const ours = await tare(who, ["history"], own);
      rows.push({ name, verdicts: [works(kubectl), works(helm), reached(ours)], tare: ours });
    };
    const left = [...inputs];
    const worker = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await tryOne(next);
    };
    await Promise.all([worker(), worker(), worker()]);

    const show = ({ name, verdicts, tare: { code, stderr } }: (typeof rows)[number]) =>
      `${name}: kubectl ${verdicts[0]}, Helm ${verdicts[1]}, tare ${verdicts[2]} (exit ${code}: ${stderr.trim().split("\n").slice(0, 3).join(" | ")})`;
    const disagree = rows.filter(({ verdicts }) => new Set(verdicts).size > 1);
    expect(disagree.map(show)).toEqual([]);
    expect(rows.filter(({ tare: { code } }) => code !== 11 && code !== 10).map(show)).toEqual([]);
    const said = ({ tare: { stdout, stderr } }: (typeof rows)[number]) => stdout + stderr;
    expect(rows.filter((row) => /\n\s+at .*:\d+/.test(said(row))).map(show)).toEqual([]);
    expect(
      rows.filter((row) => secrets.some((one) => said(row).includes(one))).map(({ name }) => name),
    ).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(80);
    const working = rows.filter(({ verdicts }) => verdicts[2]).length;
    expect(working).toBeGreaterThan(50);
    console.log(`kubeconfigs: ${rows.length}, of which ${working} work`);
  });
});
