import { type Operator, objects } from "../e2e/tare.ts";

/** What a restart of the proxies would change: their Deployment's generation and its ReplicaSets. */
export const proxyTemplates = async (
  who: Operator,
): Promise<{ readonly generation: number; readonly replicaSets: ReadonlyArray<string> }> => {
  const where = ["--namespace", "tars-dataplane"];
  const [deployments, replicaSets] = await Promise.all([
    objects(who, "deployments", ...where),
    objects(who, "replicasets", ...where),
  ]);
  return {
    generation: deployments[0].metadata.generation,
    replicaSets: replicaSets.map(({ metadata }) => metadata.name).sort(),
  };
};
