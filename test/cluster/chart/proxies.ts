import { type Operator, objects } from "../e2e/tare.ts";

/** What tells whether the proxies were, or will be, replaced. */
export interface ProxyTemplates {
  readonly generation: number;
  /** Of all ReplicaSets that there ever were. */
  readonly replicaSets: ReadonlyArray<string>;
  /** Of those that have pods, or are to have some. */
  readonly inUse: ReadonlyArray<string>;
}

export const proxyTemplates = async (who: Operator): Promise<ProxyTemplates> => {
  const where = ["--namespace", "tars-dataplane"];
  const [deployments, replicaSets] = await Promise.all([
    objects(who, "deployments", ...where),
    objects(who, "replicasets", ...where),
  ]);
  const names = (sets: typeof replicaSets) => sets.map(({ metadata }) => metadata.name).sort();
  return {
    generation: deployments[0].metadata.generation,
    replicaSets: names(replicaSets),
    inUse: names(replicaSets.filter(({ spec, status }) => spec.replicas + status.replicas > 0)),
  };
};
