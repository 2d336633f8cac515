/** A team that runs Helm itself gets the same release from what tare prints as from tare. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  applyCrds,
  type Cluster,
  followEnvoyGateway,
  kubectl,
  type RunResult,
  run,
  startCluster,
} from "../cluster.ts";
import { harmful, requestsSince } from "./audit.ts";
import { install, spareWebhook } from "./install-suite.ts";
import {
  awaitDataPlane,
  type HelmMajor,
  helm,
  type Operator,
  objects,
  olderChart,
  olderCrds,
  operator,
  storedValues,
} from "./tare.ts";

/** What no flag gives, in every shape that YAML takes for something else. */
const VALUES = {
  team: { cost: "0123", on: "on", no: "n", time: "12:30:45", big: 1e21, list: [1, "1", {}] },
};

const FLAGS = [
  ...["--chart-path", olderChart, "--customer", "acme", "--drain-timeout-seconds", "120"],
  ...["--values", JSON.stringify(VALUES)],
];

/** The chart makes these at random where it finds none. */
const RANDOM = /^( +(?:ca\.crt|caBundle|password|seed|tls\.crt|tls\.key): ).*$/gm;

const manifestOf = async (who: Operator): Promise<string> =>
  (await helm(who, ["get", "manifest", "tars", "--namespace", "tars-system"])).replace(
    RANDOM,
    "$1***",
  );

/** As the operator pastes them, one after the other. */
const paste = async (who: Operator, printed: string): Promise<void> => {
  const commands = printed
    .split("\n")
    .filter((line) => line.startsWith(who.cluster.kubectl) || line.startsWith(who.helm));
  for (const command of commands) {
    const { code, stderr } = await run(who.cluster, "sh", ["-c", command]);
    if (code !== 0) throw new Error(`${command}: ${stderr}`);
  }
};

const names = async (who: Operator, kind: string, ...where: ReadonlyArray<string>) =>
  (await objects(who, kind, ...where)).map(({ metadata }) => String(metadata.name)).sort();

export const forHelmSuite = (major: HelmMajor): void => {
  describe(`tare install for a team that runs Helm itself, with ${major}`, () => {
    let cluster: Cluster;
    let who: Operator;

    beforeAll(async () => {
      cluster = await startCluster();
      who = operator(cluster, major);
      await followEnvoyGateway(cluster);
      await applyCrds(cluster, olderCrds);
    });
    afterAll(() => cluster.stop());

    it("is planned without a write: exit 3", async () => {
      const since = new Date();
      const { code, stderr, stdout } = await install(who, ["--plan", ...FLAGS]);
      expect(stderr).toContain("plan for a first installation of 1.1.0 (dry run)");
      expect(stderr).toContain("create Namespace tars-system");
      expect(stderr).toContain("create Deployment tars-system/envoy-gateway");
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      const requests = requestsSince(cluster, since);
      expect(requests.length).toBeGreaterThan(20);
      expect(harmful(requests)).toEqual([]);
    });

    it("gets the CRDs alone, which are there the second time", async () => {
      const before = await names(who, "namespaces");
      const first = await install(who, ["--crds-only", ...FLAGS]);
      expect(first.stderr).toContain("[3/3] Apply / update CRDs");
      expect(first).toMatchObject({ code: 0, stdout: "" });
      expect(await names(who, "namespaces")).toEqual(before);
      const again = await install(who, ["--crds-only", ...FLAGS]);
      expect(again.stderr).toMatch(/^0 created, 0 updated, \d+ skipped$/m);
    });

    it("gets its values, in a file or on stdout, and nothing is written elsewhere", async () => {
      const file = join(who.home, "values.yaml");
      const since = new Date();
      const written = await install(who, ["--values-out", file, ...FLAGS]);
      expect(written).toMatchObject({ code: 0, stdout: "" });
      const printed = await install(who, ["--print-values", ...FLAGS]);
      expect(printed.code).toBe(0);
      expect(printed.stdout).toBe(readFileSync(file, "utf8"));
      expect(parse(printed.stdout)).toMatchObject(VALUES);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect((await install(who, ["--values-out", file, ...FLAGS])).code).toBe(2);
      expect(harmful(requestsSince(cluster, since))).toEqual([]);
    });

    describe("and then", () => {
      let plain: { manifest: string; values: Record<string, unknown> };
      let planned: RunResult;
      let again: RunResult;
      let byTare: { manifest: string; values: Record<string, unknown> };

      beforeAll(async () => {
        const file = join(who.home, "for-helm.yaml");
        const { stderr } = await install(who, ["--values-out", file, ...FLAGS]);
        await Promise.all([paste(who, stderr), spareWebhook(cluster)]);
        await awaitDataPlane(who);
        plain = { manifest: await manifestOf(who), values: await storedValues(who) };
        planned = await install(who, ["--plan", ...FLAGS]);
        again = await install(who, ["--yes", ...FLAGS]);
        // The deletion of the namespaces waits for what is in them.
        await helm(who, ["uninstall", "tars", "--namespace", "tars-system"]);
        // Its controller has gone with the release.
        await kubectl(cluster, [
          ...["patch", "gatewayclass/tars-egress", "--type=merge"],
          ...["-p", '{"metadata":{"finalizers":null}}'],
        ]);
        await kubectl(cluster, ["delete", "namespace", "tars-system", "tars-dataplane"]);
        const [made] = await Promise.all([
          install(who, ["--yes", ...FLAGS]),
          spareWebhook(cluster),
        ]);
        expect(made.stderr).toContain("Installation completed.");
        byTare = { manifest: await manifestOf(who), values: await storedValues(who) };
      });

      it("the printed commands make the release that tare makes, object by object", () => {
        expect(plain.values).toMatchObject({ ...VALUES, global: { customer: "acme" } });
        expect(plain.values).toEqual(byTare.values);
        expect(plain.manifest.length).toBeGreaterThan(1_000);
        expect(plain.manifest).toEqual(byTare.manifest);
      });

      it("tare has nothing to do to it", () => {
        expect(planned.stderr).toContain("No changes");
        expect(planned.code).toBe(0);
        expect(again.stderr).toContain("to do: release tars runs 1.1.0");
        expect(again.code).toBe(0);
      });
    });
  });
};
