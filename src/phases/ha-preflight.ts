import { Effect, Result } from "effect";
import { describePermission, missingRights } from "../domain/access.ts";
import { MANAGED_BY_ENVOY_GATEWAY } from "../domain/data-plane.ts";
import { type RunningDrain, runningDrain } from "../domain/drain/running-drain.ts";
import { shortDrains, shortDrainWarning } from "../domain/drain/short-drain.ts";
import { type HaVerdict, haVerdict } from "../domain/ha-verdict.ts";
import { holdAccess } from "../domain/hold/access.ts";
import type { HoldPlace } from "../domain/hold/objects.ts";
import { Deployment, EnvoyProxy, type KubeObject } from "../domain/kube.ts";
import { rolloutBudgetWarning } from "../domain/rollout-budget.ts";
import type { UpgradeOptions } from "../domain/upgrade-options.ts";
import { SingleReplica } from "../errors.ts";
import type { Phase } from "../pipeline.ts";
import { Kubectl, type KubectlError } from "../services/Kubectl.ts";
import type { ProxyStats } from "../services/ProxyStats.ts";
import { type Reporter, report, warn } from "../services/Reporter.ts";
import { countOpenStreams } from "./streams/count.ts";

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

/** What keeps this account from holding proxies; where the server does not say, trying will. */
const lackingToHold = Effect.fnUntraced(function* (place: HoldPlace) {
  const kubectl = yield* Kubectl;
  const answers = yield* Effect.forEach(
    holdAccess(place),
    (access) =>
      Effect.map(
        Effect.orElseSucceed(kubectl.mayI(access), () => true),
        (allowed) => (allowed ? [] : [access]),
      ),
    { concurrency: "unbounded" },
  );
  return missingRights(answers.flat()).map(describePermission);
});

/** Streams end with the drain that their proxies were started with, unless those are held. */
const warnOfShortDrains = Effect.fnUntraced(function* (
  { drainTimeout, ...place }: HaInput["options"],
  { deployments }: HaFacts,
  drains: ReadonlyArray<RunningDrain>,
) {
  const short = shortDrains(drains, drainTimeout);
  if (short.length === 0) return;
  const lacking = yield* lackingToHold(place);
  if (lacking.length === 0) return;
  const warning = shortDrainWarning(short, yield* countOpenStreams(deployments), lacking);
  if (warning !== undefined) yield* warn(warning);
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
    const drains = known.deployments.map(runningDrain);
    yield* report({ _tag: "DrainChecked", asked: options.drainTimeout, running: drains });
    const budget = rolloutBudgetWarning(options.timeout, options.drainTimeout, drains);
    if (budget !== undefined) yield* warn(budget);
    yield* warnOfShortDrains(options, known, drains);
    return verdict;
  }),
};
