import { Effect, Result } from "effect";
import { MANAGED_BY_ENVOY_GATEWAY } from "../domain/data-plane.ts";
import { runningDrain } from "../domain/drain/running-drain.ts";
import { shortDrains } from "../domain/drain/short-drain.ts";
import { type HaVerdict, haVerdict } from "../domain/ha-verdict.ts";
import { Deployment, EnvoyProxy, type KubeObject } from "../domain/kube.ts";
import { rolloutBudgetWarning } from "../domain/rollout-budget.ts";
import type { UpgradeOptions } from "../domain/upgrade-options.ts";
import { SingleReplica } from "../errors.ts";
import type { Phase } from "../pipeline.ts";
import { Kubectl, type KubectlError } from "../services/Kubectl.ts";
import type { ProxyStats } from "../services/ProxyStats.ts";
import { type Reporter, report, warn } from "../services/Reporter.ts";
import { readProxyDaemonSets } from "./streams/drain-facts.ts";
import { warnOfUnheld } from "./streams/warn-of-unheld.ts";

export interface HaFacts {
  readonly envoyProxies: Result.Result<ReadonlyArray<KubeObject>, KubectlError>;
  /** The Deployments that Envoy Gateway made; none when they cannot be read. */
  readonly deployments: ReadonlyArray<KubeObject>;
  /** The same for those whose EnvoyProxy asks for a proxy on each node. */
  readonly daemonSets: ReadonlyArray<KubeObject>;
}

type Where = Pick<UpgradeOptions, "release" | "dataplaneNamespace">;

export const readHa = Effect.fn("tare.read.ha")(function* ({ release, dataplaneNamespace }: Where) {
  const kubectl = yield* Kubectl;
  return yield* Effect.all(
    {
      envoyProxies: Effect.result(kubectl.list({ type: EnvoyProxy, namespace: release.namespace })),
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
    "allowDowntime" | "timeout" | "drainTimeout" | "release" | "dataplaneNamespace"
  >;
  readonly facts: Effect.Effect<HaFacts>;
}

const verdictOf = ({ envoyProxies }: HaFacts): HaVerdict =>
  Result.match(envoyProxies, {
    onSuccess: haVerdict,
    onFailure: (error): HaVerdict =>
      error.reason === "NotServed"
        ? { _tag: "Unknown", why: "no EnvoyProxy resource found" }
        : { _tag: "Unknown", why: error.message },
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
    const verdict = verdictOf(known);
    if (verdict._tag === "SingleReplica" && !options.allowDowntime) {
      return yield* new SingleReplica(verdict);
    }
    yield* report({ _tag: "HaChecked", verdict, allowDowntime: options.allowDowntime });
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
