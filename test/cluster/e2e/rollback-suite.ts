import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cluster } from "../cluster.ts";
import {
  awaitDataPlane,
  chartWith,
  clusterWithRelease,
  currentCrds,
  events,
  type HelmMajor,
  history,
  type Operator,
  states,
  storedValues,
  upgrade,
} from "./tare.ts";

/** Upgrades that fail, one after another on one release; each test begins with what the last one left. */
export const rollbackSuite = (major: HelmMajor): void => {
  describe(`a failing upgrade with ${major}`, () => {
    let cluster: Cluster;
    let who: Operator;

    beforeAll(async () => {
      ({ cluster, who } = await clusterWithRelease(major, { crds: currentCrds }));
      expect((await upgrade(who)).code).toBe(0);
    });
    afterAll(() => cluster.stop());

    it("rolls back when a workload of the release never becomes ready: exit 20", async () => {
      const chart = chartWith(who, (values) => {
        values.images = { otelCollector: { tag: "never-ready" } };
      });
      const { code, stderr } = await upgrade(who, ["--chart-path", chart, "--timeout", "25s"]);
      expect(stderr).toContain(
        "upgrade failed (revision 3); rolled back to revision 2 (recorded as revision 4)",
      );
      expect(code).toBe(20);
      expect(await states(who)).toBe("1 superseded, 2 superseded, 3 failed, 4 deployed");
      const last = (await history(who)).at(-1);
      expect(last?.description).toBe("Rollback to 2");
      const failed = (await events(who)).at(-1);
      expect(failed).toMatchObject({ operation: "upgrade", status: "failed", helm_revision: 3 });
      expect(failed.error_summary).toMatch(/deadline exceeded|not ready|has not started/);
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

    // Nothing in it depends on the major.
    it.runIf(major === "helm4")(
      "never goes back to a revision whose data plane failed, though Helm calls it superseded",
      async () => {
        const chart = chartWith(who, (values) => {
          values.images = { otelCollector: { tag: "never-ready" } };
        });
        const { code } = await upgrade(who, ["--chart-path", chart, "--timeout", "25s"]);
        expect(code).toBe(20);
        expect((await history(who)).at(-1)?.description).toBe("Rollback to 8");
      },
    );
  });
};
