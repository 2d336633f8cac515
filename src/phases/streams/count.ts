import { Effect } from "effect";
import { type KubeObject, Pod } from "../../domain/kube.ts";
import { podSelectors } from "../../domain/rollout/view.ts";
import { Kubectl } from "../../services/Kubectl.ts";
import { ProxyStats } from "../../services/ProxyStats.ts";

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

/** The open streams on all proxies of these Deployments, which are in one namespace; `undefined` where they cannot be counted. */
export const countOpenStreams = Effect.fn("tare.streams.count")(
  function* (deployments: ReadonlyArray<KubeObject>) {
    const stats = yield* ProxyStats;
    const counts = yield* Effect.forEach(
      yield* podsOf(deployments),
      ({ metadata: { name, namespace = "" } }) => stats.openStreams({ namespace, name }),
      { concurrency: "unbounded" },
    );
    return counts.reduce((sum, count) => sum + count, 0);
  },
  Effect.orElseSucceed(() => undefined),
);
