import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cluster } from "../cluster.ts";
import { startTareCommand } from "./running-tare.ts";
import {
  awaitDataPlane,
  clusterWithRelease,
  currentCrds,
  embeddedChart,
  type HelmMajor,
  helm,
  type Operator,
  objects,
  states,
  upgrade,
} from "./tare.ts";

const LISTENERS = JSON.stringify([{ name: "http", port: 8080, protocol: "HTTP" }]);

/** A release whose operator chose how clients reach it, by values that an upgrade does not carry by itself. */
export const reachSuite = (version: HelmMajor): void => {
  describe(`how clients reach a release, with ${version}`, () => {
    let cluster: Cluster;
    let who: Operator;

    beforeAll(async () => {
      ({ cluster, who } = await clusterWithRelease(version, { crds: currentCrds }));
      expect((await upgrade(who)).code).toBe(0);
      const values = ["--reuse-values", "--skip-crds", "--wait"];
      await helm(who, [
        ...["upgrade", "tars", embeddedChart, "--namespace", "tars-system", ...values],
        ...["--set", "gateway.service.type=LoadBalancer"],
        ...["--set-json", `gateway.listeners=${LISTENERS}`],
      ]);
      await awaitDataPlane(who);
    });
    afterAll(() => cluster?.stop());

    /** As clients see it: of the Service, and of the Gateway. */
    const reach = async () => {
      const services = await objects(who, "services", "--namespace", "tars-dataplane");
      const [gateway] = await objects(who, "gateways", "--namespace", "tars-dataplane");
      const egress = services.find(({ metadata }) => metadata.name === "egress");
      return {
        type: egress?.spec.type,
        ports: egress?.spec.ports.map(({ port }: { port: number }) => port),
        listeners: gateway?.spec.listeners.map(({ port }: { port: number }) => port),
      };
    };
    const CHOSEN = { type: "LoadBalancer", ports: [8080], listeners: [8080] };

    it("stops an upgrade that would change it, before anything is written", async () => {
      await expect.poll(reach, { timeout: 60_000 }).toEqual(CHOSEN);
      for (const flags of [["--plan"], []]) {
        const { code, stderr } = await upgrade(who, flags);
        expect(code, stderr).toBe(10);
        expect(stderr).toContain('type: "LoadBalancer" → "ClusterIP"');
        expect(stderr).toContain("port: 8080 → 80");
      }
      expect(await states(who)).toBe("1 superseded, 2 superseded, 3 deployed");
      expect(await reach()).toEqual(CHOSEN);
    });

    it("is kept by the command that is printed", async () => {
      const { stderr } = await upgrade(who);
      const command = stderr.split("\n").find((line) => /^tare upgrade .*--keep/.test(line));
      expect(command, stderr).toBeDefined();
      const kept = await startTareCommand(who, command ?? "", cluster.kubeconfig).ended;
      expect(kept.code, kept.stderr).toBe(0);
      expect(await states(who)).toBe("1 superseded, 2 superseded, 3 superseded, 4 deployed");
      expect(await reach()).toEqual(CHOSEN);
    });

    it("changes when that is allowed, and it is said", async () => {
      const { code, stderr } = await upgrade(who, ["--allow-reach-change"]);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('gateway.service.type = "LoadBalancer" (keep it with --keep');
      await expect
        .poll(reach, { timeout: 60_000 })
        .toEqual({ type: "ClusterIP", ports: [80], listeners: [80] });
    });
  });
};
