import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  followEnvoyGateway,
  kubectl,
  startApiServer,
  startCluster,
  stopApiServer,
} from "../cluster.ts";
import {
  awaitDataPlane,
  chartWith,
  currentCrds,
  events,
  helm,
  history,
  installOlder,
  type Operator,
  objects,
  olderValues,
  operator,
  states,
  storedValues,
  upgrade,
} from "./tare.ts";

/** What can go wrong, one after another on one release; each test begins with a healthy one and says what it leaves. */
describe.each(["helm3", "helm4"] as const)("with %s", (major) => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    cluster = await startCluster();
    who = operator(cluster, major);
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
    expect(stderr).toContain("Helm: helm not found (looked in TARE_HELM=/nonexistent/helm)");
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
    expect(stderr).toContain("ha.enabled = false (keep it with --ha=false)");
    expect(code).toBe(0);
    expect(await states(who)).toBe("1 superseded, 2 deployed");
    const [proxy] = await objects(who, "envoyproxies", "--namespace", "tars-system");
    expect(proxy.spec.provider.kubernetes.envoyHpa.minReplicas).toBe(2);
  });

  it("rolls back when a workload of the release never becomes ready: exit 20", async () => {
    const chart = chartWith(who, (values) => {
      values.images = { otelCollector: { tag: "never-ready" } };
    });
    const { code, stderr } = await upgrade(who, ["--chart-path", chart, "--timeout", "25s"]);
    expect(stderr).toContain("upgrade failed (revision 3) and was rolled back");
    expect(code).toBe(20);
    expect(await states(who)).toBe("1 superseded, 2 superseded, 3 failed, 4 deployed");
    const last = (await history(who)).at(-1);
    expect(last?.description).toBe("Rollback to 2");
    const failed = (await events(who)).at(-1);
    expect(failed).toMatchObject({ operation: "upgrade", status: "failed", helm_revision: 3 });
    expect(failed.error_summary).toMatch(/deadline exceeded|not ready/);
  });

  it("leaves the failure in place with --no-atomic: exit 22", async () => {
    const chart = chartWith(who, (values) => {
      values.images = { otelCollector: { tag: "never-ready" } };
    });
    const args = ["--no-atomic", "--customer", "attempted", "--chart-path", chart];
    const { code, stderr } = await upgrade(who, [...args, "--timeout", "15s"]);
    expect(stderr).toContain("revision 5 was left in place (--no-atomic)");
    expect(stderr).toContain("rollback tars 4 -n tars-system");
    expect(code).toBe(22);
    expect(await states(who)).toBe("1 superseded, 2 superseded, 3 failed, 4 deployed, 5 failed");
  });

  it("reads the values of the deployed revision, not of the failed attempt after it", async () => {
    expect(await storedValues(who)).toMatchObject({ global: { customer: "attempted" } });
    const { code, stderr } = await upgrade(who);
    expect(stderr).toContain('customer="acme"');
    expect(code).toBe(0);
    expect(await storedValues(who)).toMatchObject({ global: { customer: "acme" } });
    expect((await states(who)).endsWith("5 failed, 6 deployed")).toBe(true);
  });

  it("rolls back by itself when Helm is content but the data plane never comes up: exit 20", async () => {
    const chart = chartWith(who, (values) => {
      values.images = { envoy: { tag: "never-ready" } };
    });
    const { code, stderr } = await upgrade(who, ["--chart-path", chart, "--timeout", "25s"]);
    expect(stderr).toContain("rolling back to revision 6");
    expect(code).toBe(20);
    const last = (await history(who)).slice(-2);
    expect(last).toMatchObject([
      { revision: 7, status: "superseded", description: "Upgrade complete" },
      { revision: 8, status: "deployed", description: "Rollback to 6" },
    ]);
    const failed = (await events(who)).at(-1);
    expect(failed).toMatchObject({ status: "failed", helm_revision: 7 });
    expect(failed.error_summary).toContain("egress");
    await awaitDataPlane(who);
  });

  it("never goes back to a revision whose data plane failed, though Helm calls it superseded", async () => {
    const chart = chartWith(who, (values) => {
      values.images = { otelCollector: { tag: "never-ready" } };
    });
    const { code } = await upgrade(who, ["--chart-path", chart, "--timeout", "25s"]);
    expect(code).toBe(20);
    expect((await history(who)).at(-1)?.description).toBe("Rollback to 8");
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
      values.ha.maxReplicas = 1;
    });
    const { code, stderr } = await upgrade(who, ["--chart-path", chart]);
    expect(stderr).toContain("failed before anything of it was changed");
    expect(code).toBe(23);
    expect(await states(who)).toBe(before);
  });

  it("explains a release that is pending instead of blundering into it: exit 13", async () => {
    const last = (await history(who)).at(-1);
    const name = `sh.helm.release.v1.tars.v${last?.revision}`;
    await markPending(who, name);
    const { code, stderr } = await upgrade(who);
    expect(stderr).toContain("pending-upgrade");
    expect(stderr).toMatch(/rollback tars \d+ -n tars-system/);
    expect(code).toBe(13);
    await helm(who, ["uninstall", "tars", "--namespace", "tars-system"]);
  });
});

/** What is left when Helm is killed in the middle of an upgrade: the record says so in two places. */
const markPending = async (who: Operator, name: string): Promise<void> => {
  const { gunzipSync, gzipSync } = await import("node:zlib");
  const where = ["--namespace", "tars-system"];
  const secret = JSON.parse(
    await kubectl(who.cluster, ["get", "secret", name, ...where, "-o", "json"]),
  );
  const text = Buffer.from(secret.data.release, "base64").toString();
  const record = JSON.parse(gunzipSync(Buffer.from(text, "base64")).toString());
  record.info.status = "pending-upgrade";
  const packed = gzipSync(JSON.stringify(record)).toString("base64");
  secret.data.release = Buffer.from(packed).toString("base64");
  secret.metadata.labels.status = "pending-upgrade";
  await kubectl(who.cluster, ["replace", "-f", "-"], { input: secret });
};
