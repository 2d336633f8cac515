import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printedLines, recordsOf, summaryOf } from "../../output-schema.ts";
import { type Cluster, followEnvoyGateway, kubectl, run, startCluster } from "../cluster.ts";
import type { Unstructured } from "../unstructured.ts";
import {
  awaitDataPlane,
  beatenBy,
  currentCrds,
  type HelmMajor,
  installOlder,
  type Operator,
  operator,
  states,
  tare,
  upgrade,
} from "./tare.ts";

/** A release as its operators leave it: touched in every way that there is, between and during the upgrades. */
export const conflictsSuite = (first: HelmMajor, then: HelmMajor): void => {
  describe(`a release of ${first} that others write to, with ${then}`, () => {
    let cluster: Cluster;
    let who: Operator;

    beforeAll(async () => {
      cluster = await startCluster();
      await followEnvoyGateway(cluster);
      await installOlder(operator(cluster, first), undefined, currentCrds);
      who = operator(cluster, then);
    });
    afterAll(() => cluster?.stop());

    const SYSTEM = ["-n", "tars-system"];
    const get = async (...what: ReadonlyArray<string>): Promise<Unstructured> =>
      JSON.parse(await kubectl(cluster, ["get", ...what, ...SYSTEM, "-o", "json"]));

    const scale = (name: string, replicas: number) =>
      kubectl(cluster, ["scale", `deployment/${name}`, `--replicas=${replicas}`, ...SYSTEM]);

    const upgraded = async (by: Operator, ...flags: ReadonlyArray<string>) => {
      const args = ["upgrade", who.identityFile, "--settle-time", "2s", "--output", "json"];
      const { code, stdout } = await tare(by, [...args, ...flags]);
      const lines = printedLines(stdout);
      const taken = recordsOf(lines).flatMap((line) =>
        line.type === "fields-taken"
          ? line.objects.flatMap(({ kind, name, fields }) =>
              fields.map((field) => ({ object: `${kind} ${name}`, ...field })),
            )
          : [],
      );
      return { code, taken, why: JSON.stringify(summaryOf(lines).error) };
    };

    /** Replicas of both controllers, and the least number of proxies. */
    const running = async () => {
      const [one, two, proxy] = await Promise.all([
        get("deployment", "envoy-gateway"),
        get("deployment", "ai-gateway-controller"),
        get("envoyproxy", "tars-egress"),
      ]);
      const { minReplicas } = proxy.spec.provider.kubernetes.envoyHpa;
      return [one.spec.replicas, two.spec.replicas, minReplicas];
    };

    /** By `kubectl scale`, an HPA, `edit`, `patch`, `apply`, another applier and a controller. */
    const touch = async () => {
      await scale("envoy-gateway", 3);
      const hpa = ["autoscale", "deployment/ai-gateway-controller", "--min=3", "--max=5"];
      await kubectl(cluster, [...hpa, "--cpu=80%", ...SYSTEM]);
      await expect.poll(async () => (await running())[1], { timeout: 60_000 }).toBe(3);

      const editor = join(who.home, "editor");
      writeFileSync(editor, '#!/bin/sh\nsed -i "s/port: 6379/port: 6380/" "$1"\n', { mode: 0o755 });
      const env = { ...cluster.env, KUBE_EDITOR: editor };
      const args = ["edit", "service", "tars-redis", ...SYSTEM];
      const edited = await run({ env }, cluster.kubectl, args);
      expect(edited.code, edited.stderr).toBe(0);

      const bounds = { spec: { provider: { kubernetes: { envoyHpa: { minReplicas: 4 } } } } };
      const patch = ["patch", "envoyproxy", "tars-egress", ...SYSTEM, "--type=merge"];
      await kubectl(cluster, [...patch, "-p", JSON.stringify(bounds)]);

      const config = await get("configmap", "tars-otel-collector");
      const { managedFields: _, ...metadata } = config.metadata;
      const data = { ...config.data, "config.yaml": `# mine\n${config.data["config.yaml"]}` };
      const input = { ...config, metadata, data };
      await kubectl(cluster, ["apply", ...SYSTEM, "-f", "-"], { input });

      const label = { "app.kubernetes.io/version": "mine" };
      const service = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "envoy-gateway", labels: label },
      };
      const applier = ["apply", "--server-side", "--force-conflicts", "--field-manager=gitops"];
      await kubectl(cluster, [...applier, ...SYSTEM, "-f", "-"], { input: service });

      const webhook = await get("mutatingwebhookconfigurations");
      const [{ metadata: named }] = webhook.items;
      const bundle = [
        { op: "replace", path: "/webhooks/0/clientConfig/caBundle", value: "bWluZQ==" },
      ];
      const injector = ["--type=json", "--field-manager=cert-manager-cainjector"];
      const hook = ["patch", "mutatingwebhookconfiguration", named.name, ...injector];
      await kubectl(cluster, [...hook, "-p", JSON.stringify(bundle)]);
    };

    const MESH = "sidecar.istio.io/status";
    const ISSUER = "cert-manager.io/inject-ca-from";

    /** What others put beside the chart's own: a mesh into the pods, cert-manager onto the webhook. */
    const inject = async () => {
      const applier = ["apply", "--server-side", ...SYSTEM, "-f", "-"];
      const sidecar = { name: "istio-proxy", image: "registry.example.com/istio/proxyv2:1.28.0" };
      const template = {
        metadata: { annotations: { [MESH]: "injected" }, labels: { "istio.io/rev": "default" } },
        spec: { containers: [sidecar], volumes: [{ name: "istio-envoy", emptyDir: {} }] },
      };
      const deployment = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "ai-gateway-controller" },
        spec: { template },
      };
      await kubectl(cluster, [...applier, "--field-manager=mesh"], { input: deployment });
      const byHand = { op: "add", path: "/spec/template/spec/containers/-", value: sidecar };
      const patch = ["patch", "deployment", "envoy-gateway", ...SYSTEM, "--type=json"];
      await kubectl(cluster, [...patch, "-p", JSON.stringify([byHand])]);
      await kubectl(cluster, [
        ...["annotate", "mutatingwebhookconfigurations", "--all", "--overwrite"],
        ...["--field-manager=cert-manager", `${ISSUER}=tars-system/serving`],
      ]);
    };

    const injected = async () => {
      const [mine, meshed, { items }] = await Promise.all([
        get("deployment", "envoy-gateway"),
        get("deployment", "ai-gateway-controller"),
        get("mutatingwebhookconfigurations"),
      ]);
      const names = ({ spec }: Unstructured): ReadonlyArray<string> =>
        spec.template.spec.containers.map(({ name }: Unstructured) => name);
      const { metadata, spec } = meshed.spec.template;
      return {
        sidecars: [mine, meshed].map((one) => names(one).filter((name) => name === "istio-proxy")),
        marks: [metadata.annotations?.[MESH], metadata.labels["istio.io/rev"]],
        volumes: spec.volumes.filter(({ name }: Unstructured) => name === "istio-envoy"),
        issuers: items.map((one: Unstructured) => one.metadata.annotations?.[ISSUER]),
      };
    };

    it("is upgraded, what changes is listed, and nothing is scaled down", async () => {
      await touch();
      await inject();
      const before = await injected();
      expect(before.sidecars).toEqual([["istio-proxy"], ["istio-proxy"]]);
      const { code, taken, why } = await upgraded(who);
      expect(code, why).toBe(0);
      const listed = taken.map(({ object, path, owner }) => `${object} ${path} ${owner}`);
      const text = listed.join("\n");
      expect(text).toContain("ConfigMap tars-otel-collector data.config.yaml kubectl");
      expect(text).toMatch(/Service tars-redis spec\.ports\[.*6380.* kubectl-edit/);
      expect(text).toContain(
        "Service envoy-gateway metadata.labels.app.kubernetes.io/version gitops",
      );
      const bundle = taken.find(({ owner }) => owner === "cert-manager-cainjector");
      expect(bundle?.path).toMatch(/clientConfig\.caBundle$/);
      expect(bundle?.returns).toBe(true);
      expect(await running()).toEqual([3, 3, 4]);
      expect(await injected()).toEqual(before);
      await awaitDataPlane(who);
    });

    it("goes back by the command that was printed, edited once more or not", async () => {
      const done = await upgrade(who, ["--customer", "other"]);
      expect(done.code, done.stderr).toBe(0);
      const [, command = ""] = done.stderr.split("Rollback (if needed):\n");
      await kubectl(cluster, [
        ...["label", "service", "envoy-gateway", ...SYSTEM, "--overwrite"],
        "app.kubernetes.io/version=again",
      ]);
      await scale("envoy-gateway", 4);
      const { code, stderr } = await run(cluster, "sh", ["-c", command.split("\n")[0] ?? ""]);
      expect(code, `${command.split("\n")[0]}\n${stderr}`).toBe(0);
      await awaitDataPlane(who);
    });

    it("is rolled back when an upgrade fails, and nothing is scaled down", async () => {
      await scale("envoy-gateway", 5);
      const before = await injected();
      const { code, why } = await upgraded(who, "--image-tag", "no-such-image", "--timeout", "40s");
      expect(code, why).toBe(20);
      expect(await running()).toEqual([5, 3, 4]);
      expect(await injected()).toEqual(before);
    });

    it("is upgraded when somebody comes between the list and Helm", async () => {
      const words = ["scale", "deployment/envoy-gateway", "--replicas=6", ...SYSTEM];
      const { code, why } = await upgraded(beatenBy(who, ...words));
      expect(code, why).toBe(0);
    });

    it("is at worst rolled back then, where nothing is to be taken over", async () => {
      await upgraded(who);
      const words = ["label", "service", "envoy-gateway", ...SYSTEM, "--overwrite"];
      const late = beatenBy(who, ...words, "app.kubernetes.io/version=late");
      const { code, why } = await upgraded(late, "--on-conflict=refuse", "--customer", "third");
      expect([0, 20], why).toContain(code);
      expect(await states(who)).toMatch(/deployed$/);
    });
  });
};
