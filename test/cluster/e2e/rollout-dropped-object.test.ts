import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, followEnvoyGateway, kubectl, startCluster } from "../cluster.ts";
import {
  awaitDataPlane,
  chartWith,
  currentCrds,
  history,
  installOlder,
  type Operator,
  operator,
  upgrade,
} from "./tare.ts";

const REFUSED = "refused-when-written";

/** What a rehearsal cannot know: an admission that tells a dry run from the real thing. */
const REFUSED_WHEN_WRITTEN = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: REFUSED },
      spec: {
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [""],
              apiVersions: ["v1"],
              operations: ["CREATE"],
              resources: ["configmaps"],
            },
          ],
        },
        validations: [
          {
            expression: `object.metadata.name != "${REFUSED}" || (has(request.dryRun) && request.dryRun)`,
          },
        ],
      },
    },
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: REFUSED },
      spec: { policyName: REFUSED, validationActions: ["Deny"] },
    },
  ],
};

/**
 * The new version drops a Deployment, and fails before Helm deletes it: Helm's own rollback then stumbles over an object that
 * it does not expect. Helm 3 always does, Helm 4.1 too.
 */
describe("a rollback over a dropped object", () => {
  let cluster: Cluster;
  const operators: { who?: Operator } = {};

  beforeAll(async () => {
    cluster = await startCluster();
    operators.who = operator(cluster, "helm3");
    await followEnvoyGateway(cluster);
    await kubectl(cluster, ["apply", "-f", "-"], { input: REFUSED_WHEN_WRITTEN });
    await installOlder(operators.who, undefined, currentCrds);
  });
  afterAll(() => cluster.stop());

  it.each(["helm3", "helm41"] as const)("is mended and verified with %s", async (major) => {
    const who = { ...(operators.who as Operator), helm: cluster[major] };
    expect((await upgrade(who)).code).toBe(0);
    const good = (await history(who)).at(-1)?.revision;
    const chart = chartWith(who, () => {});
    // A dry run takes it, the API server does not: by then nothing has been deleted.
    const refused = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: REFUSED } };
    writeFileSync(join(chart, "templates", "zz-refused.yaml"), JSON.stringify(refused));
    const drop = ["--enable-otel-collector=false"];
    const { code, stderr } = await upgrade(who, ["--chart-path", chart, ...drop]);
    expect(stderr).toMatch(/rolled back to revision \d+/);
    expect(code).toBe(20);
    const descriptions = (await history(who)).slice(-3).map(({ description }) => description);
    expect(descriptions[1]).toMatch(/^Rollback "tars" failed: /);
    expect(descriptions[2]).toBe(`Rollback to ${good}`);
    const where = ["--namespace", "tars-system"];
    await kubectl(cluster, ["rollout", "status", "deployment/tars-otel-collector", ...where]);
    await awaitDataPlane(who);
  });
});
