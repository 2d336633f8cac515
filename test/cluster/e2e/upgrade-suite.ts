import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ProxyTemplates, proxyTemplates } from "../chart/proxies.ts";
import { type Cluster, type RunResult, run } from "../cluster.ts";
import type { Unstructured } from "../unstructured.ts";
import {
  awaitDataPlane,
  clusterWithRelease,
  events,
  type HelmMajor,
  helm,
  history,
  type Operator,
  objects,
  olderValues,
  states,
  storedValues,
  upgrade,
} from "./tare.ts";

const crdGenerations = async (who: Operator): Promise<ReadonlyMap<string, Unstructured>> =>
  new Map((await objects(who, "crds")).map(({ metadata }) => [metadata.name, metadata]));

export const upgradeSuite = (major: HelmMajor): void => {
  describe(`tare upgrade with ${major}`, () => {
    let cluster: Cluster;
    let who: Operator;
    let before: ReadonlyMap<string, Unstructured>;
    let after: ReadonlyMap<string, Unstructured>;
    let first: RunResult;
    let second: RunResult;
    const proxies: Array<ProxyTemplates> = [];

    beforeAll(async () => {
      ({ cluster, who } = await clusterWithRelease(major));
      before = await crdGenerations(who);
      proxies.push(await proxyTemplates(who));
      first = await upgrade(who);
      proxies.push(await proxyTemplates(who));
      after = await crdGenerations(who);
      second = await upgrade(who);
      proxies.push(await proxyTemplates(who));
    });
    afterAll(() => cluster.stop());

    it("prints the documented lines and exits 0", () => {
      expect(first).toMatchObject({ code: 0, stdout: "" });
      const lines = first.stderr.split("\n");
      const inOrder = [
        "[1/5] Preflight (Helm / kubectl / cluster)",
        "[2/5] Discover existing release",
        "release tars found in tars-system",
        'carried forward: registry="gcr.io/acme/tars" customer="acme" env="prod" otel=true',
        "[3/5] HA preflight",
        "EnvoyProxy minReplicas=2 (HA)",
        "Using embedded chart",
        "[4/5] Apply / update CRDs",
        "4 created, 19 updated, 0 skipped",
        "[5/5] Helm upgrade",
        "Upgrade completed.",
        "Rollback (if needed):",
        "Inspect:",
      ];
      expect(lines.filter((line) => inOrder.includes(line))).toEqual(inOrder);
      expect(lines.some((line) => line.includes("rollback tars 1 -n tars-system"))).toBe(true);
      expect(first.stderr).toContain("1.1.0 → 1.2.0");
      expect(first.stderr).toContain("warning: metrics-server is absent");
    });

    it("leaves one superseded and one deployed revision, of the right charts", async () => {
      const revisions = await history(who);
      expect(revisions.slice(0, 2).map(({ chart }) => chart)).toEqual(["tars-1.1.0", "tars-1.2.0"]);
      expect(await states(who)).toBe("1 superseded, 2 superseded, 3 deployed");
    });

    it("carries the nine paths as they were and leaves the rest to the new defaults", async () => {
      const values = await storedValues(who);
      const { ha: _ha, ...carried } = olderValues;
      expect(values).toEqual({
        ...carried,
        global: { ...carried.global, dataplaneNamespace: "tars-dataplane" },
        ha: { enabled: true },
        shutdown: { drainTimeout: "300s" },
        redis: { type: "cluster" },
        rateLimiting: { enabled: true },
      });
    });

    it("counts CRDs as the API server does", () => {
      const created = [...after.keys()].filter((name) => !before.has(name));
      const updated = [...before].filter(
        ([name, metadata]) =>
          after.get(name).generation !== metadata.generation ||
          after.get(name).annotations["tars.io/crd-sha256"] !== undefined,
      );
      expect([created.length, updated.length]).toEqual([4, 19]);
      const upstream = created.filter((name) => !name.endsWith(".tars.tetrate.ai")).sort();
      expect(upstream).toEqual([
        "listenersets.gateway.networking.k8s.io",
        "quotapolicies.aigateway.envoyproxy.io",
        "tlsroutes.gateway.networking.k8s.io",
      ]);
    });

    it("skips every CRD in a second run, which changes none", async () => {
      expect(second.code).toBe(0);
      expect(second.stderr).toContain("\n0 created, 0 updated, 23 skipped\n");
      const now = await crdGenerations(who);
      expect(
        new Map([...now].map(([name, { resourceVersion }]) => [name, resourceVersion])),
      ).toEqual(new Map([...after].map(([name, { resourceVersion }]) => [name, resourceVersion])));
    });

    it("keeps a copy of the CRDs it changed", () => {
      const folder = join(who.home, ".tare/backups");
      const files = readdirSync(folder);
      const saved = files
        .filter((file) => file.endsWith(".yaml"))
        .map((file) => readFileSync(join(folder, file), "utf8").split("\n---\n").length);
      // Those that come back as they are, and those whose stored version moved.
      expect(saved.sort()).toEqual([14, 5]);
      const script = files.find((file) => file.endsWith("-restore.sh"));
      expect(script).toBeDefined();
      expect(first.stderr).toContain(`\nsh ${join(folder, script ?? "")}\n`);
      expect(statSync(join(folder, script ?? "")).mode & 0o777).toBe(0o700);
    });

    it("rolled the data plane, which Helm does not own", async () => {
      const [deployment] = await objects(who, "deployments", "--namespace", "tars-dataplane");
      const images = deployment.spec.template.spec.containers.map(
        ({ image }: { image: string }) => image,
      );
      const [proxy] = await objects(who, "envoyproxies", "--namespace", "tars-system");
      expect(images).toContain(proxy.spec.provider.kubernetes.envoyDeployment.container.image);
      expect(deployment.spec.template.spec.terminationGracePeriodSeconds).toBe(600);
      expect(deployment.status.readyReplicas).toBe(2);
    });

    it("replaced each proxy once for the longer drain and once by Helm, and none in the second run", () => {
      const [older, newer, again] = proxies;
      expect(older?.replicaSets).toHaveLength(1);
      expect(newer?.replicaSets).toHaveLength(3);
      expect(again?.replicaSets).toEqual(newer?.replicaSets);
      expect(again?.inUse).toEqual(newer?.inUse);
    });

    it("queues one event per upgrade, with the revision and both versions", async () => {
      const [one, two, ...others] = await events(who);
      expect(others).toEqual([]);
      expect(one).toMatchObject({
        operation: "upgrade",
        status: "success",
        helm_revision: 2,
        from_version: "1.1.0",
        to_version: "1.2.0",
        workspace_id: "workspace-1",
      });
      expect(two).toMatchObject({ operation: "upgrade", status: "success", helm_revision: 3 });
      expect(two).not.toHaveProperty("from_version");
    });

    it("puts the identity into its Secret", async () => {
      const found = await objects(who, "secrets", "--namespace", "tars-system");
      const secret = found.find(({ metadata }) => metadata.name === "tars-identity");
      const identity = JSON.parse(Buffer.from(secret.data["identity.json"], "base64").toString());
      expect(identity.privateKey).toBe(who.privateKey);
    });

    it.runIf(major === "helm4")(
      "prints the command that changes what --serve-url cannot; once pasted there is nothing to say",
      async () => {
        const url = "https://new.acme.example";
        const plan = await upgrade(who, ["--serve-url", url, "--plan"]);
        const [, command = ""] =
          /--serve-url changes nothing:.*: (\S*kubectl .*)/.exec(plan.stderr) ?? [];
        const pasted = await run(cluster, "sh", ["-c", command]);
        expect(pasted.code, `${plan.stderr}\n${pasted.stderr}`).toBe(0);
        const configs = await objects(who, "configmaps", "--namespace", "tars-system");
        const config = configs.find(({ metadata }) => metadata.name === "tars-config");
        expect(config.data["proxy-url"]).toBe(url);
        const { code, stderr } = await upgrade(who, ["--serve-url", url]);
        expect(code, stderr).toBe(0);
        expect(stderr).not.toContain("changes nothing");
      },
    );

    it("can be taken back by Helm alone, to proxies as they were, with either drain", async () => {
      await helm(who, ["rollback", "tars", "1", "--namespace", "tars-system", "--wait"]);
      const [, newer] = proxies;
      const earlier = newer?.replicaSets.filter((name) => !newer.inUse.includes(name)) ?? [];
      // On the way there is one of the older controller with the newer settings.
      await expect
        .poll(async () => (await proxyTemplates(who)).inUse, { timeout: 60_000, interval: 1000 })
        .toEqual([expect.toSatisfy((name: string) => earlier.includes(name))]);
      await awaitDataPlane(who);
    });
  });
};
