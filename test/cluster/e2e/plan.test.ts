import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printedLines, recordsOf, summaryOf } from "../../output-schema.ts";
import { type Cluster, kubectl } from "../cluster.ts";
import { harmful, requestsSince } from "./audit.ts";
import { clusterWithRelease, type Operator, SECRET_HEADER, states, upgrade } from "./tare.ts";

describe("tare upgrade --plan", () => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4"));
  });
  afterAll(() => cluster.stop());

  it("of a new version shows what would change and writes nothing: exit 3", async () => {
    const since = new Date();
    const { code, stderr } = await upgrade(who, ["--plan"]);
    expect(stderr).toContain("plan for 1.1.0 → 1.2.0 (dry run)");
    expect(stderr).toMatch(/^ {2}create {2}\S+$/m);
    expect(stderr).toContain("Pods that will be replaced:");
    expect(stderr).not.toContain(SECRET_HEADER);
    expect(code).toBe(3);
    const requests = requestsSince(cluster, since);
    expect(requests.length).toBeGreaterThan(50);
    expect(harmful(requests)).toEqual([]);
    expect(await states(who)).toBe("1 deployed");
  });

  it("is followed by the upgrade", async () => {
    expect((await upgrade(who)).code).toBe(0);
  });

  it.each(["helm3", "helm4"] as const)(
    "finds nothing to do in it with %s, certificates included: exit 0",
    async (major) => {
      const since = new Date();
      const { code, stderr } = await upgrade({ ...who, helm: cluster[major] }, ["--plan"]);
      expect(stderr).toContain("No changes: the release already matches 1.2.0 with these values.");
      expect(code).toBe(0);
      const requests = requestsSince(cluster, since);
      expect(requests.length).toBeGreaterThan(50);
      expect(harmful(requests)).toEqual([]);
      expect(await states(who)).toBe("1 superseded, 2 deployed");
    },
  );

  it("finds what was changed by hand", async () => {
    await kubectl(cluster, [
      ...["patch", "configmap", "envoy-gateway-config", "--namespace", "tars-system"],
      ...["--type=merge", "-p", '{"metadata":{"labels":{"helm.sh/chart":"odd"}}}'],
    ]);
    const { code, stdout } = await upgrade(who, ["--plan", "--output", "json"]);
    const lines = printedLines(stdout);
    const plan = recordsOf(lines).find((one) => one.type === "plan");
    expect(plan?.objects).toEqual([
      {
        action: "change",
        kind: "ConfigMap",
        namespace: "tars-system",
        name: "envoy-gateway-config",
        fields: [{ path: "metadata.labels.helm.sh/chart", before: "odd", after: "tars-1.2.0" }],
      },
    ]);
    expect(summaryOf(lines)).toMatchObject({ outcome: "changes", exitCode: 3 });
    expect(code).toBe(3);
  });
});
