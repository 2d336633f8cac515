import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Summary } from "../../../src/render/json/json-records.ts";
import { printedLines, summaryOf } from "../../output-schema.ts";
import { type Cluster, followEnvoyGateway, type RunResult, startCluster } from "../cluster.ts";
import { denying, type Rule } from "./denying.ts";
import { startTare, until } from "./running-tare.ts";
import {
  chartWith,
  currentCrds,
  installOlder,
  type Operator,
  olderChart,
  olderValues,
  operator,
  states,
  tare,
  touchCrd,
} from "./tare.ts";

/**
 * Every exit code that a real cluster can bring about, each with its summary; those of signals are in the signals suites.
 * Each test goes on where the last one ended.
 */
describe("tare upgrade --output json ends with", () => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    cluster = await startCluster();
    who = operator(cluster, "helm4");
    await followEnvoyGateway(cluster);
  });
  afterAll(() => cluster?.stop());

  /** Every flag once: a repeated one is refused. */
  const args = (flags: ReadonlyArray<string>, settleTime = "1s") => [
    ...["upgrade", who.identityFile, "--settle-time", settleTime, "--output", "json"],
    ...flags,
  ];
  const upgrade = (...flags: ReadonlyArray<string>) => tare(who, args(flags));

  /** The process and its last line say the same, and nothing but JSON was printed. */
  const expectEnd = (
    { code, stdout, stderr }: RunResult,
    exitCode: number,
    outcome: Summary["outcome"],
    error?: string,
  ): void => {
    const summary = summaryOf(printedLines(stdout));
    expect(summary).toMatchObject({ outcome, exitCode });
    expect(summary.error?.code).toBe(error);
    expect(code).toBe(exitCode);
    expect(stderr).toBe("");
  };

  it("2: a flag that does not exist", async () => {
    expectEnd(await upgrade("--no-such-flag"), 2, "failed", "Usage");
  });

  it("11: no release", async () => {
    expectEnd(await upgrade(), 11, "failed", "ReleaseNotFound");
  });

  it("12: a single replica", async () => {
    await installOlder(who, { ...olderValues, ha: { enabled: false } }, currentCrds);
    expectEnd(await upgrade(), 12, "failed", "SingleReplica");
  });

  it("3: a plan with changes", async () => {
    expectEnd(await upgrade("--plan", "--allow-downtime"), 3, "changes");
  });

  it("0: an upgrade, and a plan without changes after it", async () => {
    expectEnd(await upgrade("--allow-downtime"), 0, "succeeded");
    expectEnd(await upgrade("--plan"), 0, "unchanged");
  });

  it("10: an older chart", async () => {
    expectEnd(await upgrade("--chart-path", olderChart), 10, "failed", "DowngradeRefused");
  });

  it("13: another run at work", async () => {
    const first = startTare(who, args([], "30s"), cluster.kubeconfig);
    await until("Helm to be started", () => first.said().includes('"helm-started"'));
    // Whether Helm has left the release pending by then or not.
    expectEnd(await upgrade(), 13, "failed", "AnotherRunHoldsTheLock");
    expectEnd(await first.ended, 0, "succeeded");
  });

  it("14: a CRD that the cluster refuses", async () => {
    await touchCrd(who);
    const before = await states(who);
    await denying(who, GATEWAYS, "false", async () => {
      expectEnd(await upgrade(), 14, "failed", "CrdsRefused");
    });
    expect(await states(who)).toBe(before);
  });

  it("15: a CRD that was refused only when it was written", async () => {
    const before = await states(who);
    await denying(who, GATEWAYS, "has(request.dryRun) && request.dryRun", async () => {
      expectEnd(await upgrade(), 15, "failed", "CrdsIncomplete");
    });
    expect(await states(who)).toBe(before);
  });

  it("20: a data plane that does not come up", async () => {
    const flags = ["--chart-path", brokenChart(who), "--timeout", "10s"];
    expectEnd(await upgrade(...flags), 20, "failed", "UpgradeRolledBack");
  });

  it("22: the same with --no-atomic", async () => {
    const flags = ["--chart-path", brokenChart(who), "--timeout", "10s", "--no-atomic"];
    expectEnd(await upgrade(...flags), 22, "failed", "UpgradeLeftInPlace");
    expectEnd(await upgrade(), 0, "succeeded");
  });

  it("21: the same when Helm may not roll back", async () => {
    const expression = "object.metadata.?labels[?'status'].orValue('') != 'pending-rollback'";
    const flags = ["--chart-path", brokenChart(who), "--timeout", "10s"];
    await denying(who, RECORDS, expression, async () => {
      expectEnd(await upgrade(...flags), 21, "failed", "RollbackFailed");
    });
    expectEnd(await upgrade(), 0, "succeeded");
  });

  it("23: a chart that cannot be rendered", async () => {
    const chart = chartWith(who, (values) => {
      values.ha.targetCPUUtilization = "much";
    });
    expectEnd(await upgrade("--chart-path", chart), 23, "failed", "UpgradeNotStarted");
  });
});

/** Its data plane never becomes ready. */
const brokenChart = (who: Operator): string =>
  chartWith(who, (values) => {
    values.images = { envoy: { tag: "never-ready" } };
  });

const GATEWAYS: Rule = {
  apiGroups: ["apiextensions.k8s.io"],
  apiVersions: ["v1"],
  operations: ["UPDATE"],
  resources: ["customresourcedefinitions"],
  resourceNames: ["gateways.gateway.networking.k8s.io"],
};
const RECORDS: Rule = {
  apiGroups: [""],
  apiVersions: ["v1"],
  operations: ["CREATE"],
  resources: ["secrets"],
};
