/** `HELM_DRIVER=configmap`: everything that is remembered of a release is remembered of this one too. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  applyCrds,
  type Cluster,
  followEnvoyGateway,
  kubectl,
  run,
  startCluster,
} from "../cluster.ts";
import {
  awaitDataPlane,
  chartWith,
  currentCrds,
  dataPlaneNamespace,
  events,
  type HelmMajor,
  type Operator,
  olderChart,
  olderValues,
  operator,
  tare,
  upgrade,
} from "./tare.ts";

const DRIVER = { HELM_DRIVER: "configmap" };

const lines = (text: string): ReadonlyArray<Record<string, unknown>> =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe.each<HelmMajor>(["helm3", "helm4"])("records in ConfigMaps, with %s", (major) => {
  let cluster: Cluster;
  let who: Operator;
  let broken: string;

  const helm = async (...args: ReadonlyArray<string>): Promise<string> => {
    const env = { ...cluster.env, ...DRIVER };
    const ended = await run({ env }, who.helm, [...args, "--namespace", "tars-system"]);
    if (ended.code !== 0) throw new Error(ended.stderr);
    return ended.stdout;
  };

  beforeAll(async () => {
    cluster = await startCluster();
    who = operator(cluster, major);
    await followEnvoyGateway(cluster);
    await applyCrds(cluster, currentCrds);
    await kubectl(cluster, ["apply", "-f", "-"], { input: dataPlaneNamespace });
    const file = join(who.home, "values.json");
    writeFileSync(file, JSON.stringify(olderValues), { mode: 0o600 });
    await helm("install", "tars", olderChart, "--create-namespace", "--values", file, "--wait");
    rmSync(file);
    await awaitDataPlane(who);
    broken = chartWith(who, (values) => {
      values.images = { envoy: { tag: "never-ready" } };
    });
  });
  afterAll(() => cluster.stop());

  it("are not taken for an empty namespace by a shell without the variable: exit 11", async () => {
    const { code, stderr } = await upgrade(who);
    expect(code).toBe(11);
    expect(stderr).toContain("in ConfigMaps, and HELM_DRIVER does not say so");
    expect(stderr).not.toContain("tare install");
  });

  it("are refused out of the cluster: exit 10", async () => {
    const { code, stderr } = await upgrade(who, [], { HELM_DRIVER: "sql" });
    expect(code).toBe(10);
    expect(stderr).toContain("HELM_DRIVER=sql: Helm does not keep its records in the cluster");
  });

  it("are upgraded: exit 0", async () => {
    const { code, stderr } = await upgrade(who, [], DRIVER);
    expect(code, stderr).toBe(0);
    expect((await events(who)).at(-1)).toMatchObject({ status: "success", helm_revision: 2 });
  });

  it("remember a revision whose data plane failed", async () => {
    const failing = ["--chart-path", broken, "--timeout", "25s"];
    expect((await upgrade(who, ["--no-atomic", ...failing], DRIVER)).code).toBe(22);
    const { code, stderr } = await upgrade(who, failing, DRIVER);
    expect(stderr).toContain("rolling back to revision 2");
    expect(code, stderr).toBe(20);
    const history = JSON.parse(await helm("history", "tars", "--output", "json"));
    expect(history.at(-1)).toMatchObject({ status: "deployed", description: "Rollback to 2" });
  });

  it("are told by the history, with the variable and without", async () => {
    for (const env of [DRIVER, {}]) {
      const { code, stdout, stderr } = await tare(who, ["history", "--output", "json"], env);
      expect(code, stderr).toBe(0);
      const { rows } = lines(stdout).find(({ type }) => type === "history") as {
        rows: ReadonlyArray<{ revision: number }>;
      };
      expect(rows.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5]);
    }
  });
});
