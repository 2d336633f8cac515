import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printedLines, summaryOf } from "../../output-schema.ts";
import { type Cluster, kubectl } from "../cluster.ts";
import { denying } from "./denying.ts";
import { until } from "./running-tare.ts";
import { clusterWithRelease, currentCrds, type Operator, objects, states, tare } from "./tare.ts";

/** What the API server will not have, known before the first write and told alike by the plan. */
describe("before anything is written, upgrade and plan end with", () => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
  });
  afterAll(() => cluster?.stop());

  const versions = async () =>
    new Map(
      (await objects(who, "deployments,services,envoyproxies,secrets", "-n", "tars-system")).map(
        ({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.generation],
      ),
    );

  const expectBoth = async (code: number, error: string, why: RegExp, ...flags: Array<string>) => {
    const before = [await states(who), await versions()];
    const codes: Array<readonly [number | null, string | undefined]> = [];
    for (const plan of [["--plan"], []]) {
      const args = ["upgrade", who.identityFile, "--output", "json", ...plan, ...flags];
      const { code: ended, stdout } = await tare(who, args);
      const summary = summaryOf(printedLines(stdout));
      codes.push([ended, summary.error?.code]);
      expect(summary.error?.why.join("; "), stdout.slice(-2000)).toMatch(why);
    }
    expect(codes).toEqual([
      [code, error],
      [code, error],
    ]);
    expect([await states(who), await versions()]).toEqual(before);
  };

  const DEPLOYMENTS = {
    apiGroups: ["apps"],
    apiVersions: ["v1"],
    operations: ["UPDATE"],
    resources: ["deployments"],
    resourceNames: ["envoy-gateway"],
  };

  it("10: a policy", async () => {
    await denying(who, DEPLOYMENTS, "false", () =>
      expectBoth(10, "PreflightFailed", /envoy-gateway.*ValidatingAdmissionPolicy/),
    );
  });

  it("10: a quota", async () => {
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "no-accounts", namespace: "tars-system" },
      spec: { hard: { "count/serviceaccounts": "0" } },
    };
    await kubectl(cluster, ["apply", "-f", "-"], { input: quota });
    const where = ["resourcequota", "no-accounts", "-n", "tars-system"];
    await until("the quota to count", async () =>
      (await kubectl(cluster, ["get", ...where, "-o", "jsonpath={.status.hard}"])).includes("0"),
    );
    await expectBoth(10, "PreflightFailed", /ServiceAccount.*exceeded quota/);
    await kubectl(cluster, ["delete", ...where]);
  });

  it("10: a webhook that nobody answers", async () => {
    const webhook = {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "gone" },
      webhooks: [
        {
          name: "gone.example.com",
          rules: [{ ...DEPLOYMENTS, resourceNames: undefined, scope: "Namespaced" }],
          clientConfig: { url: "https://127.0.0.1:1/" },
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          timeoutSeconds: 2,
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "tars-system" } },
        },
      ],
    };
    await kubectl(cluster, ["apply", "-f", "-"], { input: webhook });
    await expectBoth(10, "PreflightFailed", /gone\.example\.com/);
    await kubectl(cluster, ["delete", "validatingwebhookconfiguration", "gone"]);
  });

  it("14: a CRD that is being deleted", async () => {
    const crd = ["crd", "backendtlspolicies.gateway.networking.k8s.io"];
    const hold = (finalizers: ReadonlyArray<string>) =>
      kubectl(cluster, [
        ...["patch", ...crd, "--type=merge", "-p"],
        JSON.stringify({ metadata: { finalizers } }),
      ]);
    await hold(["test/held"]);
    await kubectl(cluster, ["delete", ...crd, "--wait=false"]);
    await expectBoth(14, "CrdsRefused", /backendtlspolicies.*being deleted/);
    await hold([]);
  });

  it("23: values that make an invalid object", async () => {
    const values = { controllers: { envoyGateway: { resources: { requests: { cpu: "-1" } } } } };
    const flags = ["--values", JSON.stringify(values)];
    await expectBoth(23, "UpgradeNotStarted", /envoy-gateway.*cpu/, ...flags);
  });

  it("2: a URL for a registry", async () => {
    await expectBoth(2, "Usage", /registry/, "--image-registry", "https://reg.example.com/tars");
  });
});
