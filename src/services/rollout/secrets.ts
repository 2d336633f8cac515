/** Whether ready proxies have the certificates they were promised: their readiness does not tell. */
import { Effect } from "effect";
import type { KubeObject } from "../../domain/kube.ts";
import { isReadyPod } from "../../domain/rollout/pod-trouble.ts";
import { currentGeneration, podsOf, type RolloutView } from "../../domain/rollout/view.ts";
import { ProxyStats } from "../ProxyStats.ts";

export interface WithheldSecret {
  readonly pod: string;
  readonly secret: string;
}

/** A proxy that ends gives up its secrets too. */
const isServing = (pod: KubeObject): boolean =>
  isReadyPod(pod) && pod.metadata.deletionTimestamp === undefined;

const servingProxies = (view: RolloutView): ReadonlyArray<KubeObject> =>
  view.workloads
    .filter(({ group }) => group === "data-plane")
    .flatMap((workload) => {
      const generation = currentGeneration(workload, view);
      return generation === undefined ? [] : podsOf(workload, view).filter(generation.owns);
    })
    .filter(isServing);

/** Of all serving proxies; what cannot be read is taken for sound. */
export const readWithheldSecrets = Effect.fnUntraced(function* (view: RolloutView) {
  const stats = yield* ProxyStats;
  const found = yield* Effect.forEach(
    servingProxies(view),
    ({ metadata: { name, namespace = "" } }) =>
      stats.withheldSecrets({ namespace, name }).pipe(
        Effect.orElseSucceed((): ReadonlyArray<string> => []),
        Effect.map((secrets) =>
          secrets.map((secret): WithheldSecret => ({ pod: `${namespace}/${name}`, secret })),
        ),
      ),
    { concurrency: "unbounded" },
  );
  return found.flat();
});
