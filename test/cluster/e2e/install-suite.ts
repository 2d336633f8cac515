import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  applyCrds,
  type Cluster,
  followEnvoyGateway,
  kubectl,
  type RunResult,
  startCluster,
} from "../cluster.ts";
import {
  events,
  type HelmMajor,
  history,
  installOlder,
  type Operator,
  objects,
  olderChart,
  olderCrds,
  olderValues,
  operator,
  states,
  storedValues,
  tare,
  upgrade,
} from "./tare.ts";

const PASSWORD = "pull-password-nobody-may-see";
const DOCKER_CONFIG = JSON.stringify({
  auths: { "gcr.io": { auth: Buffer.from(`robot:${PASSWORD}`).toString("base64") } },
});

/** What no flag gives, and a re-run has to keep as it is. */
const VALUES = {
  controllers: { aiGateway: { replicas: 1 } },
  team: { cost: "0123", factor: 1e3, owner: "ünïcødé", nothing: null, on: "true", list: [1, "1"] },
};

export const install = (who: Operator, args: ReadonlyArray<string>): Promise<RunResult> =>
  tare(who, ["install", who.identityFile, "--settle-time", "3s", ...args]);

/** No fake pod serves the AI Gateway's webhook: the pods of the namespace are spared it as soon as there is one. */
export const spareWebhook = async (cluster: Cluster): Promise<void> => {
  await kubectl(cluster, ["wait", "--for=create", "--timeout=120s", "namespace/tars-dataplane"]);
  await kubectl(cluster, [
    "label",
    "namespace/tars-dataplane",
    "tars.io/ext-proc-injection=disabled",
  ]);
};

export const installSuite = (major: HelmMajor): void => {
  describe(`tare install with ${major}`, () => {
    let cluster: Cluster;
    let who: Operator;
    let first: RunResult;
    let again: RunResult;
    let refused: RunResult;
    let upgraded: RunResult;
    let kept: Record<string, unknown>;

    beforeAll(async () => {
      cluster = await startCluster();
      who = operator(cluster, major);
      await followEnvoyGateway(cluster);
      await applyCrds(cluster, olderCrds);
      const config = join(who.home, "config.json");
      const values = join(who.home, "values.json");
      writeFileSync(config, DOCKER_CONFIG, { mode: 0o600 });
      writeFileSync(values, JSON.stringify(VALUES), { mode: 0o600 });
      const older = ["--chart-path", olderChart, "--yes"];
      const given = ["--image-registry", "gcr.io/acme/tars", "--customer", "acme"];
      const files = ["--values", values, "--image-pull-secret", `@${config}`];
      [first] = await Promise.all([
        install(who, [...older, ...given, ...files]),
        spareWebhook(cluster),
      ]);
      again = await install(who, older);
      refused = await install(who, ["--yes"]);
      kept = await storedValues(who);
      upgraded = await upgrade(who);
    });
    afterAll(() => cluster.stop());

    it("prints its five phases and exits 0", () => {
      expect(first.stderr).toContain("Installation completed.");
      expect(first).toMatchObject({ code: 0, stdout: "" });
      const phases = first.stderr.split("\n").filter((line) => line.startsWith("["));
      expect(phases).toEqual([
        "[1/5] Preflight (Helm / kubectl / cluster)",
        "[2/5] Configuration",
        "[3/5] Namespaces and secrets",
        "[4/5] Apply / update CRDs",
        "[5/5] Helm install",
      ]);
    });

    it("does nothing when it is run again, and keeps every value in its type", () => {
      expect(again).toMatchObject({ code: 0, stdout: "" });
      expect(again.stderr).toContain("nothing to do: release tars runs 1.1.0");
      expect(kept).toMatchObject({
        ...VALUES,
        global: {
          imageRegistry: "gcr.io/acme/tars",
          customer: "acme",
          imagePullSecretName: "tars-image-pull",
        },
      });
    });

    it("is refused over another version, with the command that upgrades", () => {
      expect(refused.code).toBe(10);
      expect(refused.stderr).toMatch(/^tare upgrade \S*identity\.json/m);
    });

    it("is upgraded to the embedded chart", async () => {
      expect(upgraded.stderr).toContain("Upgrade completed.");
      expect(upgraded.code).toBe(0);
      expect(await states(who)).toBe("1 superseded, 2 deployed");
    });

    it("leaves a row of the history for each", async () => {
      const rows = await events(who);
      expect(rows.map(({ operation, status }) => `${operation} ${status}`)).toEqual([
        "install success",
        "upgrade success",
      ]);
      expect(rows[0]).toMatchObject({ helm_revision: 1, chart_version: "1.1.0" });
      expect(rows[1]).toMatchObject({ from_version: "1.1.0", to_version: "1.2.0" });
    });

    it("puts the pull secret into both namespaces, and nowhere else", async () => {
      const secrets = await objects(who, "secrets", "--all-namespaces");
      const holding = secrets.filter(({ data = {} }) =>
        Object.values<string>(data).some((text) =>
          Buffer.from(text, "base64")
            .toString()
            .includes(Buffer.from(`robot:${PASSWORD}`).toString("base64")),
        ),
      );
      expect(
        holding.map(({ metadata, type }) => `${metadata.namespace}/${metadata.name} ${type}`),
      ).toEqual([
        "tars-dataplane/tars-image-pull kubernetes.io/dockerconfigjson",
        "tars-system/tars-image-pull kubernetes.io/dockerconfigjson",
      ]);
      for (const { stdout, stderr } of [first, again, refused, upgraded]) {
        expect(`${stdout}${stderr}`).not.toContain(PASSWORD);
      }
    });

    it("finds that the proxies and the rate limiter refer to it", async () => {
      expect(first.stderr).not.toMatch(/does? not refer to pull secret/);
      const label = "app.kubernetes.io/managed-by=envoy-gateway";
      const made = await objects(who, "deployments", "--all-namespaces", "-l", label);
      expect(made.map(({ metadata }) => metadata.name).sort()).toEqual([
        "egress",
        "envoy-ratelimit",
      ]);
      for (const { spec } of made) {
        expect(spec.template.spec.imagePullSecrets).toEqual([{ name: "tars-image-pull" }]);
      }
    });

    it("gives both namespaces a level of Pod Security", async () => {
      const namespaces = await objects(who, "namespaces");
      const levels = namespaces.flatMap(({ metadata }) =>
        metadata.name.startsWith("tars-")
          ? [`${metadata.name} ${metadata.labels["pod-security.kubernetes.io/enforce"]}`]
          : [],
      );
      expect(levels).toEqual(["tars-dataplane baseline", "tars-system baseline"]);
    });
  });

  describe(`a first installation that fails, with ${major}`, () => {
    let cluster: Cluster;
    let who: Operator;
    let failed: RunResult;
    let next: RunResult;

    beforeAll(async () => {
      cluster = await startCluster();
      who = operator(cluster, major);
      await followEnvoyGateway(cluster);
      await applyCrds(cluster, olderCrds);
      const older = ["--chart-path", olderChart, "--yes", "--timeout", "90s"];
      [failed] = await Promise.all([
        install(who, [...older, "--image-tag", "no-such-image"]),
        spareWebhook(cluster),
      ]);
      next = await install(who, older);
    });
    afterAll(() => cluster.stop());

    it("is removed, says why, and exits 20", () => {
      expect(failed.stderr).toContain("failed and was removed: nothing of it is left");
      expect(failed.code).toBe(20);
      expect(failed.stderr).toMatch(/does not exist/);
      expect(failed.stderr).toMatch(/^failure report: /m);
    });

    it("is followed by one that works", async () => {
      expect(next.stderr).toContain("Installation completed.");
      expect(next.code).toBe(0);
      const rows = await events(who);
      expect(rows.map(({ operation, status }) => `${operation} ${status}`)).toEqual([
        "install failed",
        "install success",
      ]);
    });
  });

  describe(`a release with one proxy, with ${major}`, () => {
    const single = { ...olderValues, ha: { enabled: false } };
    let cluster: Cluster;
    let who: Operator;
    let refused: RunResult;
    let migrated: RunResult;
    let again: RunResult;
    let upgraded: RunResult;
    let before: ReadonlyArray<string>;
    let after: ReadonlyArray<string>;
    let kept: Record<string, unknown>;
    let charts: ReadonlyArray<string>;

    const proxies = async () => {
      const label = "app.kubernetes.io/managed-by=envoy-gateway";
      const pods = await objects(who, "pods", "--namespace", "tars-dataplane", "-l", label);
      return pods.map(({ metadata }) => String(metadata.uid)).sort();
    };

    beforeAll(async () => {
      cluster = await startCluster();
      who = operator(cluster, major);
      await followEnvoyGateway(cluster);
      await installOlder(who, single);
      before = await proxies();
      refused = await upgrade(who);
      const ha = ["install", "--ha", who.identityFile, "--yes", "--settle-time", "3s"];
      migrated = await tare(who, ha);
      after = await proxies();
      kept = await storedValues(who);
      charts = (await history(who)).map(({ chart }) => chart);
      again = await tare(who, ha);
      upgraded = await upgrade(who);
    });
    afterAll(() => cluster.stop());

    it("is refused by the upgrade, which names the way", () => {
      expect(refused.code).toBe(12);
      expect(refused.stderr).toContain("tare install --ha");
    });

    it("gets a second proxy beside the first, in its own version", () => {
      expect(migrated.stderr).toContain("Installation completed.");
      expect(migrated.code).toBe(0);
      expect(before).toHaveLength(1);
      expect(after).toHaveLength(2);
      expect(after).toContain(before[0]);
      expect(charts).toEqual(["tars-1.1.0", "tars-1.1.0"]);
    });

    it("keeps every other value", () => {
      expect(kept).toEqual({ ...single, ha: { enabled: true } });
    });

    it("is left alone the second time", () => {
      expect(again.stderr).toContain("nothing to do: release tars runs 1.1.0");
      expect(again.code).toBe(0);
    });

    it("is upgraded then", () => {
      expect(upgraded.stderr).toContain("Upgrade completed.");
      expect(upgraded.code).toBe(0);
    });
  });
};
