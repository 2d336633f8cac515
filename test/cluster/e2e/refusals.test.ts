import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  followEnvoyGateway,
  kubectl,
  run,
  startApiServer,
  startCluster,
  stopApiServer,
} from "../cluster.ts";
import {
  chartWith,
  currentCrds,
  events,
  history,
  installOlder,
  type Operator,
  objects,
  olderValues,
  operator,
  states,
  tare,
  upgrade,
} from "./tare.ts";

/** Everything that stops a run early, or would if an operator did not insist; each test goes on where the last one ended. */
describe("tare upgrade", () => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    cluster = await startCluster();
    who = operator(cluster, "helm4");
  });
  afterAll(() => cluster.stop());

  it("finds no release: exit 11, and nothing is installed", async () => {
    const { code, stderr } = await upgrade(who);
    expect(stderr).toContain("no release tars in namespace tars-system");
    expect(stderr).toContain(`tare install ${who.identityFile}`);
    expect(code).toBe(11);
    expect(await objects(who, "secrets", "--all-namespaces", "-l", "owner=helm")).toEqual([]);
  });

  it("finds the API server gone: exit 10, with every problem in one report", async () => {
    await stopApiServer(cluster);
    const { code, stderr } = await upgrade(who, [], { TARE_HELM: "/nonexistent/helm" });
    await startApiServer(cluster);
    expect(code).toBe(10);
    expect(stderr).toContain("preflight failed: 2 problems");
    expect(stderr).toContain("Helm: helm not found (looked in TARE_HELM=/nonexistent/helm");
    expect(stderr).toMatch(/cluster: .*does not answer/);
    expect(stderr).not.toContain("[2/5]");
  });

  it("refuses a single replica with the documented message: exit 12, nothing changed", async () => {
    await followEnvoyGateway(cluster);
    await installOlder(who, { ...olderValues, ha: { enabled: false } }, currentCrds);
    const { code, stderr } = await upgrade(who);
    expect(code).toBe(12);
    expect(stderr).toContain(
      [
        "data-plane Envoy is single-replica (envoyHpa.minReplicas=1).",
        "Upgrading now will RST in-flight LLM streams.",
        "",
        "Fix HA first (idempotent, takes ~1m):",
        `tare install --ha ${who.identityFile}`,
        "",
        "Or force this upgrade with downtime:",
        `tare upgrade ${who.identityFile} --allow-downtime`,
      ].join("\n"),
    );
    expect(await states(who)).toBe("1 deployed");
    expect(await events(who)).toEqual([]);
  });

  it("upgrades the same with --allow-downtime, and it is HA from then on", async () => {
    const { code, stderr } = await upgrade(who, ["--allow-downtime"]);
    expect(stderr).toContain("in-flight LLM streams will be dropped");
    expect(stderr).toContain("ha.enabled = false (keep it with --ha=false --allow-downtime)");
    expect(code).toBe(0);
    expect(await states(who)).toBe("1 superseded, 2 deployed");
    const [proxy] = await objects(who, "envoyproxies", "--namespace", "tars-system");
    expect(proxy.spec.provider.kubernetes.envoyHpa.minReplicas).toBe(2);
  });

  it("goes on with a warning when there is no EnvoyProxy", async () => {
    await kubectl(cluster, ["delete", "envoyproxies", "--all", "--namespace", "tars-system"]);
    const { code, stderr } = await upgrade(who);
    expect(stderr).toContain("warning: HA preflight skipped (no EnvoyProxy resource found)");
    expect(code).toBe(0);
  });

  it("fails before anything changed when the chart cannot be rendered: exit 23", async () => {
    const before = await states(who);
    const chart = chartWith(who, (values) => {
      values.ha.targetCPUUtilization = "much";
    });
    const { code, stderr } = await upgrade(who, ["--chart-path", chart]);
    expect(stderr).toContain("failed; the release is unchanged");
    expect(code).toBe(23);
    expect(await states(who)).toBe(before);
  });

  it("records all but the newest of several deployed revisions as superseded", async () => {
    const deployed = async () => (await states(who)).match(/\d+ deployed/g)?.length;
    const entries = await history(who);
    for (const { revision } of entries) await mark(who, revision, "deployed");
    expect(await deployed()).toBe(entries.length);
    const { code, stderr } = await upgrade(who);
    expect(code, stderr).toBe(0);
    expect(stderr.match(/recorded as superseded now/g)).toHaveLength(entries.length - 1);
    expect(await states(who)).toMatch(/^(\d+ superseded, )+\d+ deployed$/);
  });

  it("explains a release that is pending instead of blundering into it: exit 13", async () => {
    const last = (await history(who)).at(-1);
    await mark(who, last?.revision, "pending-upgrade");
    const { code, stderr } = await upgrade(who);
    expect(stderr).toContain("pending-upgrade");
    // Nothing is known of a Helm that may be at work, so no command is printed that collides with it.
    expect(stderr).toMatch(/upgrade \S+ --recover/);
    expect(stderr).not.toContain("rollback tars");
    expect(code).toBe(13);
  });

  it("and of which nothing is known to be good, with a command for the revision one chooses", async () => {
    const entries = await history(who);
    for (const { revision } of entries.slice(0, -1)) await mark(who, revision, "failed");
    const { code, stderr } = await upgrade(who);
    expect(code).toBe(13);
    const chosen = commandIn(stderr, "rollback tars REVISION").replace(
      "REVISION",
      String(entries.at(-2)?.revision),
    );
    const pasted = await run(cluster, "sh", ["-c", chosen]);
    expect(pasted.code, `${chosen}\n${pasted.stderr}`).toBe(0);
    const next = await upgrade(who);
    expect(next.code, next.stderr).toBe(0);
  });

  it("and never came to its end, with the command that removes it and installs", async () => {
    const { revision } = (await history(who)).at(-1) ?? {};
    await mark(who, revision, "pending-install");
    const others = ["-l", `owner=helm,name=tars,version!=${revision}`];
    await kubectl(cluster, ["delete", "secrets", "--namespace", "tars-system", ...others]);
    const { code, stderr } = await upgrade(who);
    expect(code).toBe(13);
    expect(commandIn(stderr, "tare install")).toContain(`${who.identityFile} --recover`);
  });

  it("and never worked, with a command that installs it anew once pasted: exit 11", async () => {
    await mark(who, (await history(who)).at(-1)?.revision, "failed");
    const { code, stderr } = await upgrade(who);
    expect(code).toBe(11);
    const [program, ...words] = commandIn(stderr, "--recover").split(" ");
    expect([program, words[0]]).toEqual(["tare", "install"]);
    const pasted = await tare(who, [...words, "--yes", "--settle-time", "3s"]);
    expect(pasted.code, pasted.stderr).toBe(0);
    expect(await states(who)).toBe("1 deployed");
  });
});

const commandIn = (stderr: string, words: string): string =>
  stderr.split("\n").find((line) => line.includes(words)) ?? "";

/** What a Helm that was killed, or two at the same time, leave behind: the record says so in two places. */
const mark = async (who: Operator, revision: number | undefined, status: string): Promise<void> => {
  const name = `sh.helm.release.v1.tars.v${revision}`;
  const where = ["--namespace", "tars-system"];
  const secret = JSON.parse(
    await kubectl(who.cluster, ["get", "secret", name, ...where, "-o", "json"]),
  );
  const text = Buffer.from(secret.data.release, "base64").toString();
  const record = JSON.parse(gunzipSync(Buffer.from(text, "base64")).toString());
  record.info.status = status;
  const packed = gzipSync(JSON.stringify(record)).toString("base64");
  secret.data.release = Buffer.from(packed).toString("base64");
  secret.metadata.labels.status = status;
  await kubectl(who.cluster, ["replace", "-f", "-"], { input: secret });
};
