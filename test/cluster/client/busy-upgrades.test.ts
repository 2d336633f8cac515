import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountToken, type Cluster, controlPlane, kubectl } from "../cluster.ts";
import { clusterWithRelease, currentCrds, type Operator, states, upgrade } from "../e2e/tare.ts";
import { countRequests, type Request, requestsOf } from "./audit.ts";
import { BUSY } from "./busy.ts";
import { configFor } from "./short-lived.ts";

const ROUNDS = process.env.TARE_TEST_FULL === "1" ? 20 : 2;
const APPLIES = 8;
const FORGOTTEN = ["--overwrite", "tars.io/crd-sha256=forgotten"];
/** A refusal that was repeated is nobody's business. */
const TOLD = /HTTP 429|too many requests/i;

/** Upgrades by an account for which there is hardly room, as on a shared API server. */
describe("a priority level that turns requests away", () => {
  let cluster: Cluster;
  let who: Operator;
  let kubeconfig: string;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4"));
    const input = { apiVersion: "v1", kind: "List", items: BUSY };
    await kubectl(cluster, ["apply", "-f", "-"], { input });
    const token = await accountToken(cluster, "default", "operator");
    kubeconfig = configFor(join(who.home, "operator"), controlPlane(cluster), { token });
  });
  afterAll(() => cluster.stop());

  const turnedAway = (requests: ReadonlyArray<Request>): number =>
    requests.filter(({ status }) => status === 429).length;

  it(`is got through by ${APPLIES} kubectl at once`, async () => {
    const files = readdirSync(currentCrds).filter((name) => name.endsWith(".yaml"));
    const how = ["--server-side", "--dry-run=server", "--force-conflicts"];
    const apply = (nth: number) => {
      const share = files.filter((_, index) => index % APPLIES === nth);
      const named = share.flatMap((name) => ["-f", join(currentCrds, name)]);
      return kubectl(cluster, ["--kubeconfig", kubeconfig, "apply", ...how, ...named]);
    };
    await Promise.all(Array.from({ length: APPLIES }, (_, nth) => apply(nth)));
    expect(turnedAway(requestsOf(cluster, "kubectl"))).toBeGreaterThan(0);
  });

  it(
    `is got through by ${ROUNDS} of ${ROUNDS} upgrades`,
    async () => {
      const failures: Array<string> = [];
      for (let round = 1; round <= ROUNDS; round += 1) {
        // No CRD is recognised as written before: all are sent again.
        if (round > 1) await kubectl(cluster, ["annotate", "crd", "--all", ...FORGOTTEN]);
        const before = countRequests(cluster);
        const args = ["--kubeconfig", kubeconfig, "--image-tag", `1.2.0-${round}`];
        const { code, stderr } = await upgrade(who, args);
        if (code !== 0 || TOLD.test(stderr)) failures.push(`${round}: exit ${code}\n${stderr}`);
        const requests = requestsOf(cluster, "tare", before);
        console.log(
          `upgrade ${round}: ${requests.length} requests of tare, ${turnedAway(requests)} turned away`,
        );
      }
      expect(failures).toEqual([]);
      expect(turnedAway(requestsOf(cluster, "tare"))).toBeGreaterThanOrEqual(ROUNDS);
      expect(await states(who)).toMatch(new RegExp(`${ROUNDS + 1} deployed$`));
    },
    ROUNDS * 300_000,
  );
});
