import { Effect } from "effect";
import type { DrainFacts } from "../../domain/hold/lengthen.ts";
import {
  DaemonSet,
  Deployment,
  EnvoyProxy,
  Gateway,
  GatewayClass,
  type KubeObject,
  type ResourceType,
} from "../../domain/kube/objects.ts";
import { MANAGED_BY_ENVOY_GATEWAY } from "../../domain/rollout/data-plane.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";

/** All objects of a type, or those of a namespace; what cannot be read is as good as absent. */
const listOrNone = Effect.fnUntraced(function* (
  type: ResourceType,
  namespace?: string,
  labelSelector?: string,
) {
  const kubectl = yield* Kubectl;
  return yield* Effect.orElseSucceed(
    kubectl.list({
      type,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    }),
    (): ReadonlyArray<KubeObject> => [],
  );
});

/** The running proxies and what they are made from. */
export const readDrainFacts = Effect.fn("tare.read.drains")(function* ({
  release,
  dataplaneNamespace,
}: Pick<UpgradeOptions, "release" | "dataplaneNamespace">) {
  const places = [...new Set([release.namespace, dataplaneNamespace])];
  const { envoyProxies, ...facts } = yield* Effect.all(
    {
      deployments: listOrNone(Deployment, dataplaneNamespace, MANAGED_BY_ENVOY_GATEWAY),
      gateways: listOrNone(Gateway, dataplaneNamespace),
      gatewayClasses: listOrNone(GatewayClass),
      envoyProxies: Effect.forEach(places, (namespace) => listOrNone(EnvoyProxy, namespace)),
    },
    { concurrency: "unbounded" },
  );
  return {
    ...facts,
    release: release.name,
    envoyProxies: envoyProxies.flat(),
  } satisfies DrainFacts;
});

/** Proxies on each node, which is another way of asking for them. */
export const readProxyDaemonSets = ({
  dataplaneNamespace,
}: Pick<UpgradeOptions, "dataplaneNamespace">) =>
  listOrNone(DaemonSet, dataplaneNamespace, MANAGED_BY_ENVOY_GATEWAY);
