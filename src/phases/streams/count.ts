import { Effect } from "effect";
import { type KubeObject, Pod } from "../../domain/kube/objects.ts";
import { isReadyPod } from "../../domain/rollout/trouble/pod-trouble.ts";
import { podSelectors } from "../../domain/rollout/view.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { ProxyStats } from "../../services/streams/ProxyStats.ts";

const podsOf = Effect.fnUntraced(function* (deployments: ReadonlyArray<KubeObject>) {
  const kubectl = yield* Kubectl;
  const namespace = deployments[0]?.metadata.namespace;
  const lists = yield* Effect.forEach(
    podSelectors(deployments),
    (labelSelector) =>
      kubectl.list({
        type: Pod,
        labelSelector,
        ...(namespace === undefined ? {} : { namespace }),
      }),
    { concurrency: "unbounded" },
  );
  return lists.flat();
});

/** What does not answer has no streams, unless it serves. */
const openOn = Effect.fnUntraced(function* (pod: KubeObject) {
  const stats = yield* ProxyStats;
  const { name, namespace = "" } = pod.metadata;
  return yield* Effect.catchIf(
    stats.openStreams({ namespace, name }),
    ({ reason }) => reason === "Gone" || !isReadyPod(pod),
    () => Effect.succeed(0),
  );
});

/**
 * The open streams on all proxies of these Deployments or DaemonSets, which are in one namespace; `undefined` where one that
 * serves cannot be counted.
 */
export const countOpenStreams = Effect.fn("tare.streams.count")(
  function* (deployments: ReadonlyArray<KubeObject>) {
    const counts = yield* Effect.forEach(yield* podsOf(deployments), openOn, {
      concurrency: "unbounded",
    });
    return counts.reduce((sum, count) => sum + count, 0);
  },
  Effect.orElseSucceed(() => undefined),
);
