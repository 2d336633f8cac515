/** Runs cases on a real cluster, several at a time: they mostly wait. */
import { assert } from "@effect/vitest";
import { Effect } from "effect";
import { afterAll, beforeAll, describe, test } from "vitest";
import { Secret } from "../../src/domain/kube/objects.ts";
import { byRevision, type History } from "../../src/domain/release/release.ts";
import { Kubectl } from "../../src/services/kube/Kubectl.ts";
import { makeStoredHistory } from "../../src/services/release/stored-history.ts";
import { type Cluster, run, startCluster } from "../cluster/cluster.ts";
import { CASES, oneSided, runsOn } from "./cases.ts";
import { layerRealStage } from "./real-stage.ts";
import { type ContractCase, Stage } from "./stage.ts";

const helmVersion = async (cluster: Cluster, helm: string): Promise<string> =>
  (await run(cluster, helm, ["version", "--template", "{{.Version}}"])).stdout;

/** Whatever a case did to its release: what tare reads from the Secrets is what the binary prints. */
const sameHistoryAsPrinted = Effect.fnUntraced(function* (cluster: Cluster, helm: string) {
  const [{ release }, kubectl] = [yield* Stage, yield* Kubectl];
  const args = ["history", release.name, "--namespace", release.namespace, "--max", "256"];
  const { code, stdout, stderr } = yield* Effect.promise(() =>
    run(cluster, helm, [...args, "--output", "json"]),
  );
  if (code !== 0) assert.match(stderr, /release: not found/);
  const printed = code === 0 ? (JSON.parse(stdout) as History) : [];
  const { history } = yield* makeStoredHistory(kubectl);
  assert.deepStrictEqual(yield* history(release, Secret), byRevision(printed));
});

export const contractOnRealCluster = (
  title: string,
  cases: ReadonlyArray<ContractCase>,
  helmOf: (cluster: Cluster) => string,
): void => {
  const here = runsOn("real", cases);
  process.stderr.write(
    `contract: ${title}: ${here.length} of ${CASES.length} cases, ${oneSided.length} of all one-sided\n`,
  );
  describe.concurrent(title, () => {
    let cluster: Cluster;
    let version = "";
    beforeAll(async () => {
      cluster = await startCluster();
      version = await helmVersion(cluster, helmOf(cluster));
    });
    afterAll(() => cluster?.stop());
    for (const one of here) {
      test(one.name, () =>
        Effect.runPromise(
          Effect.scoped(one.run).pipe(
            Effect.andThen(sameHistoryAsPrinted(cluster, helmOf(cluster))),
            Effect.provide(layerRealStage({ cluster, helm: helmOf(cluster), version })),
          ),
        ),
      );
    }
  });
};
