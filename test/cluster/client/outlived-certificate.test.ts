import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, controlPlane, followEnvoyGateway, startCluster } from "../cluster.ts";
import { pki } from "../control-plane.ts";
import { currentCrds, installOlder, type Operator, operator, states } from "../e2e/tare.ts";
import { requestsOf } from "./audit.ts";
import { makeAuthority } from "./certificates.ts";
import { IS_FULL, longUpgrade, RUN_SECONDS, TEST_MILLIS } from "./long-upgrade.ts";
import { configFor, rotatedCertificate } from "./short-lived.ts";

/** Helm looks for another certificate every five minutes, so one has to be good for as long and the time between two. */
const ROTATION = { lifeSeconds: 480, everySeconds: 120, helmSeconds: RUN_SECONDS / 2 };

// In CI a certificate is replaced under the client alone: client.test.ts.
describe.skipIf(!IS_FULL)("an upgrade whose client certificate is replaced again and again", () => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    cluster = await startCluster({ clientAuthority: makeAuthority });
    who = operator(cluster, "helm4");
    await followEnvoyGateway(cluster);
    await installOlder(who, undefined, currentCrds);
  });
  afterAll(() => cluster.stop());

  it(
    `goes on for ${RUN_SECONDS} s with certificates of ${ROTATION.lifeSeconds} s`,
    async () => {
      const over = new AbortController();
      const authorities = pki(cluster.dir, "");
      const { user, done } = rotatedCertificate(who.home, authorities, ROTATION, over.signal);
      const kubeconfig = configFor(join(who.home, "rotated"), controlPlane(cluster), user);
      const started = Date.now();
      const { code, stderr } = await longUpgrade(who, kubeconfig, ROTATION);
      const seconds = Math.round((Date.now() - started) / 1000);
      over.abort();
      await done;
      const answers = requestsOf(cluster, "tare");
      const users = new Set(answers.map(({ user }) => user));
      const refused = answers.filter(({ status }) => status === 401).length;
      console.log(
        `${seconds} s, ${users.size} certificates, ${answers.length} requests, ${refused} of them 401`,
      );
      expect(stderr).not.toMatch(/Unauthorized/);
      expect(code, stderr).toBe(0);
      expect(seconds).toBeGreaterThan(RUN_SECONDS);
      expect(users.size).toBeGreaterThan(RUN_SECONDS / ROTATION.everySeconds / 2);
      expect(await states(who)).toMatch(/2 deployed$/);
    },
    TEST_MILLIS,
  );
});
