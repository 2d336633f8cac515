import { Effect, Result } from "effect";
import {
  type HaConfig,
  type HaVerdict,
  haVerdict,
  lostHaWarning,
  proxiesInUse,
  singleReplicaWarnings,
} from "../../domain/checks/ha-verdict.ts";
import {
  Deployment,
  EnvoyProxy,
  Gateway,
  GatewayClass,
  type KubeObject,
} from "../../domain/kube/objects.ts";
import { proxyNamespaces } from "../../domain/rollout/baseline/gateways.ts";
import { MANAGED_BY_ENVOY_GATEWAY } from "../../domain/rollout/data-plane.ts";
import { rolloutBudgetWarning } from "../../domain/rollout/rollout-budget.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { runningDrain } from "../../domain/streams/running-drain.ts";
import { shortDrains } from "../../domain/streams/short-drain.ts";
import { SingleReplica } from "../../errors.ts";
import type { Phase } from "../../pipeline.ts";
import { Kubectl, type KubectlError } from "../../services/kube/Kubectl.ts";
import { type Reporter, report, warn } from "../../services/report/Reporter.ts";
import type { ProxyStats } from "../../services/streams/ProxyStats.ts";
import { warnOfUnheld } from "../hold/warn-of-unheld.ts";
import { readProxyDaemonSets } from "../streams/drain-facts.ts";

export interface HaFacts {
  /** Of the system namespace. */
  readonly envoyProxies: Result.Result<ReadonlyArray<KubeObject>, KubectlError>;
  /** Who uses which of them, and of those beside Gateways; `undefined` where that cannot be read. */
  readonly use: HaConfig | undefined;
  /** The Deployments that Envoy Gateway made; none when they cannot be read. */
  readonly deployments: ReadonlyArray<KubeObject>;
  /** The same for those whose EnvoyProxy asks for a proxy on each node. */
  readonly daemonSets: ReadonlyArray<KubeObject>;
}

const NAMESPACES_AT_ONCE = 8;

type Where = Pick<UpgradeOptions, "release" | "dataplaneNamespace">;

/** Gateways live where their teams are: all of them are looked at where that is allowed. */
const readUse = Effect.fnUntraced(function* ({ release, dataplaneNamespace }: Where) {
  const kubectl = yield* Kubectl;
  const everywhere = kubectl.list({ type: Gateway });
  const here = kubectl.list({ type: Gateway, namespace: dataplaneNamespace });
  const [gateways, gatewayClasses] = yield* Effect.all(
    [Effect.catch(everywhere, () => here), kubectl.list({ type: GatewayClass })],
    { concurrency: "unbounded" },
  );
  const beside = gateways.flatMap(({ metadata }) => metadata.namespace ?? []);
  const found = yield* Effect.forEach(
    new Set([release.namespace, ...beside, ...proxyNamespaces(gatewayClasses)]),
    (namespace) => kubectl.list({ type: EnvoyProxy, namespace }),
    { concurrency: NAMESPACES_AT_ONCE },
  );
  const config: HaConfig = {
    release: release.name,
    gateways,
    gatewayClasses,
    envoyProxies: found.flat(),
  };
  return config;
});

export const readHa = Effect.fn("tare.read.ha")(function* (where: Where) {
  const { release, dataplaneNamespace } = where;
  const kubectl = yield* Kubectl;
  return yield* Effect.all(
    {
      envoyProxies: Effect.result(kubectl.list({ type: EnvoyProxy, namespace: release.namespace })),
      use: Effect.orElseSucceed(readUse(where), () => undefined),
      deployments: Effect.orElseSucceed(
        kubectl.list({
          type: Deployment,
          namespace: dataplaneNamespace,
          labelSelector: MANAGED_BY_ENVOY_GATEWAY,
        }),
        (): ReadonlyArray<KubeObject> => [],
      ),
      daemonSets: readProxyDaemonSets({ dataplaneNamespace }),
    },
    { concurrency: "unbounded" },
  );
});

export interface HaInput {
  readonly options: Pick<
    UpgradeOptions,
    "allowDowntime" | "ha" | "timeout" | "drainTimeout" | "release" | "dataplaneNamespace"
  >;
  readonly facts: Effect.Effect<HaFacts>;
}

/** Where no Gateway tells, any of them may be in use. */
export const haVerdictOf = ({ envoyProxies, use }: HaFacts): HaVerdict =>
  Result.match(envoyProxies, {
    onSuccess: (all) => {
      const used = use === undefined ? [] : proxiesInUse(use);
      return haVerdict(used.length > 0 ? used : all);
    },
    onFailure: (error): HaVerdict =>
      error.reason === "NotServed"
        ? { _tag: "Unknown", why: { _tag: "NoEnvoyProxy" } }
        : { _tag: "Unknown", why: { _tag: "Unreadable", detail: error.message } },
  });

export const haPreflight: Phase<
  HaInput,
  HaVerdict,
  SingleReplica,
  Kubectl | ProxyStats | Reporter
> = {
  id: "ha-preflight",
  title: "HA preflight",
  run: Effect.fnUntraced(function* ({ options, facts }) {
    const known = yield* facts;
    const verdict = haVerdictOf(known);
    if (verdict._tag === "SingleReplica" && !options.allowDowntime) {
      return yield* new SingleReplica(verdict);
    }
    yield* report({ _tag: "HaChecked", verdict, allowDowntime: options.allowDowntime });
    const lost = options.ha ? undefined : lostHaWarning(verdict, known.deployments);
    if (lost !== undefined) yield* warn(lost);
    if (verdict._tag !== "SingleReplica") {
      yield* Effect.forEach(singleReplicaWarnings(known.deployments), warn, { discard: true });
    }
    const drains = [...known.deployments, ...known.daemonSets].map(runningDrain);
    yield* report({ _tag: "DrainChecked", asked: options.drainTimeout, running: drains });
    const budget = rolloutBudgetWarning(options.timeout, options.drainTimeout, drains);
    if (budget !== undefined) yield* warn(budget);
    if (shortDrains(drains, options.drainTimeout).length > 0) {
      yield* warnOfUnheld(options, known.daemonSets);
    }
    return verdict;
  }),
};
