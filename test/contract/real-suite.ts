/** Runs cases on a real cluster, several at a time: they mostly wait. */
import { Effect } from "effect";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type Cluster, run, startCluster } from "../cluster/cluster.ts";
import { CASES, oneSided, runsOn } from "./cases.ts";
import { layerRealStage } from "./real-stage.ts";
import type { ContractCase } from "./stage.ts";

const helmVersion = async (cluster: Cluster, helm: string): Promise<string> =>
  (await run(cluster, helm, ["version", "--template", "{{.Version}}"])).stdout;

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
            Effect.provide(layerRealStage({ cluster, helm: helmOf(cluster), version })),
          ),
        ),
      );
    }
  });
};
