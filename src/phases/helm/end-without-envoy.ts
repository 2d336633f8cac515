import { Duration, Effect } from "effect";
import { MANAGED_BY_ENVOY_GATEWAY } from "../../domain/data-plane.ts";
import { Pod, refOf } from "../../domain/kube.ts";
import { isEndingWithoutEnvoy } from "../../domain/rollout/without-envoy.ts";
import { Kubectl } from "../../services/Kubectl.ts";

/** The least that still lets the kubelet end the containers. */
const AT_ONCE = Duration.seconds(1);

/** Lets go of what a failed rollout leaves: it would stay for the drain time, in the way of a `kubectl drain`. What cannot be ended ends by itself. */
export const endProxiesWithoutEnvoy = Effect.fnUntraced(function* (namespace: string) {
  const kubectl = yield* Kubectl;
  const proxies = kubectl.list({ type: Pod, namespace, labelSelector: MANAGED_BY_ENVOY_GATEWAY });
  const ending = Effect.flatMap(proxies, (pods) =>
    Effect.forEach(
      pods.filter(isEndingWithoutEnvoy),
      (pod) => kubectl.delete(refOf(Pod, pod), { grace: AT_ONCE }),
      { concurrency: "unbounded", discard: true },
    ),
  );
  yield* Effect.ignore(ending);
});
