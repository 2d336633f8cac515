import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answers } from "../../../src/answers.ts";
import { type Cluster, followEnvoyGateway, type RunResult, run, startCluster } from "../cluster.ts";
import { events, installOlder, type Operator, operator, states, upgrade } from "./tare.ts";

const root = join(import.meta.dirname, "../../..");
const executable = join(root, `build/tare-${process.platform}-${process.arch}`);

/** The one file, on a machine that has neither Node nor anything else on its PATH. */
describe("the single executable", () => {
  let cluster: Cluster;
  let who: Operator;
  let bare: NodeJS.ProcessEnv;
  let upgraded: RunResult;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(root, "scripts/build.ts")], { stdio: "inherit" });
    cluster = await startCluster();
    who = { ...operator(cluster, "helm4"), program: [executable] };
    const empty = join(who.home, "empty");
    mkdirSync(empty);
    bare = { PATH: empty };
    await followEnvoyGateway(cluster);
    await installOlder(who);
    upgraded = await upgrade(who, [], bare);
  });
  afterAll(() => cluster.stop());

  it("upgrades, with the chart and the CRDs it carries", async () => {
    expect(upgraded).toMatchObject({ code: 0, stdout: "" });
    expect(upgraded.stderr).toContain("Using embedded chart");
    expect(upgraded.stderr).toContain("4 created, 19 updated, 0 skipped");
    expect(await states(who)).toBe("1 superseded, 2 deployed");
    expect(await events(who)).toMatchObject([{ operation: "upgrade", status: "success" }]);
  });

  it("leaves nothing of the chart it lent to Helm", async () => {
    const { stdout } = await run(cluster, "ls", [who.home]);
    expect(stdout).not.toContain("tare-chart-");
  });

  it("answers without loading the program as the program does", async () => {
    const ahead = JSON.parse(
      readFileSync(join(root, "build/parts/answers.json"), "utf8"),
    ) as Answers;
    const bundled = join(root, "dist/cli/main.js");
    expect(existsSync(bundled)).toBe(true);
    const env = { env: { ...bare, HOME: who.home } };
    for (const question of ["--version", ...Object.keys(ahead.pages), "upgrade --help --all"]) {
      const args = question.split(" ");
      const [fast, full] = await Promise.all([
        run(env, executable, args),
        run(env, process.execPath, [bundled, ...args]),
      ]);
      expect(fast).toEqual(full);
    }
  });

  it("says what is wrong as the program does", async () => {
    const { code, stderr } = await run({ env: bare }, executable, ["upgrade", "no-such.json"]);
    expect(code).toBe(2);
    expect(stderr).toContain("identity file no-such.json cannot be used");
  });
});
