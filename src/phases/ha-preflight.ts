import { Effect, Result } from "effect";
import { MANAGED_BY_ENVOY_GATEWAY } from "../domain/data-plane.ts";
import { type HaVerdict, haVerdict } from "../domain/ha-verdict.ts";
import { Deployment, EnvoyProxy, type KubeObject } from "../domain/kube.ts";
import { liveReplicas, rolloutBudgetWarning } from "../domain/rollout-budget.ts";
import type { UpgradeOptions } from "../domain/upgrade-options.ts";
import { SingleReplica } from "../errors.ts";
import type { Phase } from "../pipeline.ts";
import { Kubectl, type KubectlError } from "../services/Kubectl.ts";
import { type Reporter, report, warn } from "../services/Reporter.ts";

export interface HaFacts {
  readonly envoyProxies: Result.Result<ReadonlyArray<KubeObject>, KubectlError>;
  /** The Deployments that Envoy Gateway made; none when they cannot be read. */
  readonly deployments: ReadonlyArray<KubeObject>;
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
    },
    { concurrency: "unbounded" },
  );
});

export interface HaInput {
  readonly options: Pick<UpgradeOptions, "allowDowntime" | "timeout" | "drainTimeout">;
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

export const haPreflight: Phase<HaInput, HaVerdict, SingleReplica, Reporter> = {
  id: "ha-preflight",
  title: "HA preflight",
  run: Effect.fnUntraced(function* ({ options, facts }) {
    const known = yield* facts;
    const verdict = verdictOf(known);
    if (verdict._tag === "SingleReplica" && !options.allowDowntime) {
      return yield* new SingleReplica(verdict);
    }
    yield* report({ _tag: "HaChecked", verdict, allowDowntime: options.allowDowntime });
    const budget = rolloutBudgetWarning(
      options.timeout,
      options.drainTimeout,
      liveReplicas(known.deployments),
    );
    if (budget !== undefined) yield* warn(budget);
    return verdict;
  }),
};
