/** What is looked at to follow a rollout, whatever there is. */

import {
  ConfigMap,
  DaemonSet,
  Deployment,
  EnvoyProxy,
  Gateway,
  GatewayClass,
  Job,
  type KubeObject,
  StatefulSet,
} from "../../../domain/kube/objects.ts";
import { proxyNamespaces } from "../../../domain/rollout/baseline/gateways.ts";
import { MANAGED_BY_ENVOY_GATEWAY } from "../../../domain/rollout/data-plane.ts";
import type { ListQuery } from "../../kube/Kubectl.ts";
import type { FollowRequest } from "../RolloutGate.ts";

/** Helm labels what it makes itself, whatever the chart says. */
const MANAGED_BY_HELM = "app.kubernetes.io/managed-by=Helm";

type Where = Pick<FollowRequest, "release" | "dataplaneNamespace">;

export interface Source {
  readonly key: string;
  readonly query: ListQuery;
  /** Without it nothing can be said for certain. */
  readonly decides: boolean;
  /** An account of one namespace cannot read the classes of the cluster: then they are as good as absent. */
  readonly optional: boolean;
}

export const source = (
  query: ListQuery,
  { decides = true, optional = false }: Partial<Pick<Source, "decides" | "optional">> = {},
): Source => ({
  key: `${query.type.plural} ${query.namespace ?? ""} ${query.labelSelector ?? ""}`,
  query,
  decides,
  optional,
});

const proxySources = (
  namespace: string,
  { optional = false }: Partial<Pick<Source, "optional">> = {},
): ReadonlyArray<Source> => [
  source({ type: Deployment, namespace, labelSelector: MANAGED_BY_ENVOY_GATEWAY }, { optional }),
  // An account that cannot list them has none to follow.
  source(
    { type: DaemonSet, namespace, labelSelector: MANAGED_BY_ENVOY_GATEWAY },
    { optional: true },
  ),
];

export const fixedSources = ({ release, dataplaneNamespace }: Where): ReadonlyArray<Source> => {
  const namespaces = [...new Set([release.namespace, dataplaneNamespace])];
  return [
    source({ type: Gateway, namespace: dataplaneNamespace }),
    // Of the release's classes there may be some anywhere.
    source({ type: Gateway }, { optional: true }),
    source({ type: GatewayClass }, { optional: true }),
    source(
      { type: ConfigMap, namespace: release.namespace, labelSelector: MANAGED_BY_HELM },
      { optional: true },
    ),
    ...namespaces.flatMap((namespace) => [
      source({ type: EnvoyProxy, namespace }, { optional: namespace !== release.namespace }),
      ...proxySources(namespace),
    ]),
    ...[Deployment, StatefulSet].map((type) =>
      source(
        { type, namespace: release.namespace, labelSelector: MANAGED_BY_HELM },
        { decides: false },
      ),
    ),
    // Helm does not label hooks, and a chart may have them in either namespace.
    ...namespaces.map((namespace) =>
      source({ type: Job, namespace }, { decides: false, optional: true }),
    ),
  ];
};

interface Found {
  readonly gateways: ReadonlyArray<KubeObject>;
  readonly gatewayClasses: ReadonlyArray<KubeObject>;
}

/** What is to be looked at given the Gateways and classes there are: a class may take its EnvoyProxy from anywhere. */
export const furtherSources = (
  { release, dataplaneNamespace }: Where,
  { gateways, gatewayClasses }: Found,
): ReadonlyArray<Source> => {
  const known = new Set([release.namespace, dataplaneNamespace]);
  const others = new Set(
    gateways.flatMap(({ metadata: { namespace = dataplaneNamespace } }) =>
      known.has(namespace) ? [] : [namespace],
    ),
  );
  return [
    ...[...new Set([...proxyNamespaces(gatewayClasses), ...others])]
      .filter((namespace) => !known.has(namespace))
      .map((namespace) =>
        source({ type: EnvoyProxy, namespace }, { decides: false, optional: true }),
      ),
    ...[...others].flatMap((namespace) => proxySources(namespace, { optional: true })),
  ];
};
