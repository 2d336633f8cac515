import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printedLines, summaryOf } from "../../output-schema.ts";
import type { Cluster } from "../cluster.ts";
import { accountWith, type Rule } from "./account.ts";
import {
  chartWith,
  clusterWithRelease,
  type Operator,
  objects,
  olderChart,
  states,
  upgrade,
} from "./tare.ts";

/** What a run finds out before it writes anything, from a real authoriser and the real Helm. */
describe("tare upgrade, before anything is written", () => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm3"));
  });
  afterAll(() => cluster.stop());

  it("names every missing right with the rule that gives it: exit 10", async () => {
    const kubeconfig = await accountWith(who, "reader", [READ_ALL]);
    const { code, stderr } = await upgrade(who, ["--kubeconfig", kubeconfig]);
    expect(stderr).toContain("missing permission: create, update, patch, delete secrets");
    expect(stderr).toContain("Rules to add to a Role in namespace tars-system:");
    expect(stderr).toMatch(
      /- \{apiGroups: \[apps\], resources: \[deployments\], verbs: \[.*patch.*\]\}/,
    );
    expect(stderr).toContain("Rules to add to a ClusterRole:");
    expect(code).toBe(10);
    expect(await states(who)).toBe("1 deployed");
    expect(await objects(who, "leases", "--namespace", "tars-system")).toEqual([]);
  });

  it("finds the rights that it named enough", async () => {
    const first = await accountWith(who, "named", [READ_ALL]);
    const { stderr } = await upgrade(who, ["--kubeconfig", first]);
    const rules = [
      ...stderr.matchAll(/^- \{apiGroups: \[(.*)\], resources: \[(.*)\], verbs: \[(.*)\]\}$/gm),
    ];
    expect(rules.length).toBeGreaterThan(5);
    const kubeconfig = await accountWith(who, "sufficient", [
      READ_ALL,
      // What a Role grants must be had by whoever writes it; no review can tell.
      { apiGroups: ["rbac.authorization.k8s.io"], resources: ["*"], verbs: ["escalate", "bind"] },
      ...rules.map(([, group = "", resource = "", verbs = ""]) => ({
        apiGroups: [group.replaceAll('"', "")],
        resources: [resource],
        verbs: verbs.split(", "),
      })),
    ]);
    const { code, stderr: said } = await upgrade(who, ["--kubeconfig", kubeconfig]);
    expect(said).toContain("Upgrade completed.");
    expect(code).toBe(0);
    expect(await states(who)).toBe("1 superseded, 2 deployed");
  });

  it("refuses to go back to an older chart: exit 10", async () => {
    const { code, stderr, stdout } = await upgrade(who, [
      ...["--chart-path", olderChart, "--output", "json"],
    ]);
    const summary = summaryOf(printedLines(stdout));
    expect(summary.error?.what).toBe("release tars runs 1.2.0, and 1.1.0 is older");
    expect(summary).toMatchObject({ outcome: "failed", exitCode: 10, toVersion: "1.1.0" });
    expect(stderr).toBe("");
    expect(code).toBe(10);
  });

  it("refuses the identity file of another workspace: exit 10", async () => {
    const text = readFileSync(who.identityFile, "utf8");
    writeFileSync(who.identityFile, text.replace("workspace-1", "workspace-2"));
    const { code, stderr } = await upgrade(who);
    writeFileSync(who.identityFile, text);
    expect(stderr).toContain(
      "the identity is for workspace workspace-2, but this data plane belongs to workspace-1",
    );
    expect(code).toBe(10);
    expect(await states(who)).toBe("1 superseded, 2 deployed");
  });

  it("refuses a chart whose record no Secret can hold: exit 10", async () => {
    const chart = chartWith(who, () => {});
    writeFileSync(join(chart, "ballast.bin"), randomBytes(1_000_000));
    const { code, stderr } = await upgrade(who, ["--chart-path", chart]);
    expect(stderr).toMatch(/size: Helm's record of the release would take \d+ KiB of the 1024 KiB/);
    expect(code).toBe(10);
    expect(await states(who)).toBe("1 superseded, 2 deployed");
  });
});

const READ_ALL: Rule = { apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] };
