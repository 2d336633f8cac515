/** Whether ready proxies have the certificates they were promised: their readiness does not tell. */
import { Effect } from "effect";
import type { KubeObject } from "../../domain/kube/objects.ts";
import { mustBeUp } from "../../domain/rollout/baseline/gateways.ts";
import { isReadyPod } from "../../domain/rollout/trouble/pod-trouble.ts";
import type { SecretsByProxy } from "../../domain/rollout/trouble/withheld-secrets.ts";
import { currentGeneration, podsOf, type RolloutView } from "../../domain/rollout/view.ts";
import { ProxyStats } from "../streams/ProxyStats.ts";

/** A proxy that ends gives up its secrets too. */
const isServing = (pod: KubeObject): boolean =>
  isReadyPod(pod) && pod.metadata.deletionTimestamp === undefined;

const servingProxies = (view: RolloutView): ReadonlyArray<KubeObject> =>
  view.workloads
    .filter(({ group, object }) => group === "data-plane" && mustBeUp(view, object))
    .flatMap((workload) => {
      const generation = currentGeneration(workload, view);
      return generation === undefined ? [] : podsOf(workload, view).filter(generation.owns);
    })
    .filter(isServing);

/** Of all serving proxies; those that cannot be asked are left out, and taken for sound. */
export const readSecrets = Effect.fnUntraced(function* (view: RolloutView) {
  const stats = yield* ProxyStats;
  const found = yield* Effect.forEach(
    servingProxies(view),
    ({ metadata: { name, namespace = "", uid = name } }) =>
      Effect.option(stats.secrets({ namespace, name })).pipe(
        Effect.map((secrets) =>
          secrets._tag === "None"
            ? []
            : [[uid, { pod: `${namespace}/${name}`, secrets: secrets.value }] as const],
        ),
      ),
    { concurrency: "unbounded" },
  );
  return new Map(found.flat()) satisfies SecretsByProxy;
});
