import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, controlPlane, kubectl } from "../cluster.ts";
import { clusterWithRelease, currentCrds, type Operator, states } from "../e2e/tare.ts";
import { requestsOf } from "./audit.ts";
import { OPERATOR } from "./busy.ts";
import { IS_FULL, longUpgrade, RUN_SECONDS, TEST_MILLIS } from "./long-upgrade.ts";
import { configFor, tokenPlugin } from "./short-lived.ts";

const LIFE_SECONDS = IS_FULL ? 120 : 10;

describe("an upgrade whose tokens end again and again", () => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
    const input = { apiVersion: "v1", kind: "List", items: OPERATOR };
    await kubectl(cluster, ["apply", "-f", "-"], { input });
  });
  afterAll(() => cluster.stop());

  it(
    `goes on for ${RUN_SECONDS} s with tokens of ${LIFE_SECONDS} s`,
    async () => {
      const uid = await kubectl(cluster, [
        ...["get", "serviceaccount", "operator", "--output", "jsonpath={.metadata.uid}"],
      ]);
      const signingKey = join(cluster.dir, "pki", "sa.key");
      const command = tokenPlugin(who.home, signingKey, uid, LIFE_SECONDS);
      const apiVersion = "client.authentication.k8s.io/v1";
      const user = { exec: { apiVersion, command, interactiveMode: "Never" } };
      const kubeconfig = configFor(join(who.home, "short-lived"), controlPlane(cluster), user);
      const started = Date.now();
      const helmSeconds = RUN_SECONDS / 2;
      const { code, stderr } = await longUpgrade(who, kubeconfig, { helmSeconds });
      const seconds = Math.round((Date.now() - started) / 1000);
      const logins = readFileSync(join(who.home, "runs"), "utf8").trim().split("\n").length;
      const answers = requestsOf(cluster, "tare");
      const refused = answers.filter(({ status }) => status === 401).length;
      console.log(
        `${seconds} s, ${logins} logins, ${answers.length} requests, ${refused} of them 401`,
      );
      expect(stderr).not.toMatch(/Unauthorized/);
      expect(code, stderr).toBe(0);
      expect(seconds).toBeGreaterThan(RUN_SECONDS);
      expect(logins).toBeGreaterThan(RUN_SECONDS / LIFE_SECONDS);
      expect(await states(who)).toMatch(/2 deployed$/);
    },
    TEST_MILLIS,
  );
});
