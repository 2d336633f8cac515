/**
 * Gives the proxies the drain that was asked for before anything else changes. Both limits of a running pod come with its
 * template: how long its preStop hook waits, and how long Envoy keeps connections of a listener that the controller
 * changes, as nearly every upgrade of the controller does. Only pods made with the longer drain are safe from both.
 */
import { Duration, Effect, Option } from "effect";
import { MANAGED_BY_ENVOY_GATEWAY } from "../../domain/data-plane.ts";
import { formatGoDuration } from "../../domain/go-duration.ts";
import {
  asBefore,
  type Lengthening,
  lengthened,
  lengthenings,
} from "../../domain/hold/lengthen.ts";
import {
  Deployment,
  EnvoyProxy,
  Gateway,
  GatewayClass,
  type KubeObject,
  type ResourceType,
  refOf,
} from "../../domain/kube.ts";
import { changeObject, Kubectl } from "../../services/Kubectl.ts";
import { report, warn } from "../../services/Reporter.ts";
import type { UpgradeAttempt } from "./attempt.ts";
import { awaitDrained, holdProxies } from "./hold.ts";
import { awaitDataPlane, followRollout } from "./rollout.ts";

/** What cannot be read is as good as absent: then there is nothing to lengthen. */
const readDrains = Effect.fnUntraced(function* ({ options }: UpgradeAttempt) {
  const kubectl = yield* Kubectl;
  const { release, dataplaneNamespace } = options;
  const list = (type: ResourceType, namespace?: string, labelSelector?: string) =>
    Effect.orElseSucceed(
      kubectl.list({
        type,
        ...(namespace === undefined ? {} : { namespace }),
        ...(labelSelector === undefined ? {} : { labelSelector }),
      }),
      (): ReadonlyArray<KubeObject> => [],
    );
  const places = [...new Set([release.namespace, dataplaneNamespace])];
  const { envoyProxies, ...facts } = yield* Effect.all(
    {
      deployments: list(Deployment, dataplaneNamespace, MANAGED_BY_ENVOY_GATEWAY),
      gateways: list(Gateway, dataplaneNamespace),
      gatewayClasses: list(GatewayClass),
      envoyProxies: Effect.forEach(places, (namespace) => list(EnvoyProxy, namespace)),
    },
    { concurrency: "unbounded" },
  );
  return { ...facts, envoyProxies: envoyProxies.flat() };
});

const distinctProxies = (found: ReadonlyArray<Lengthening>): ReadonlyArray<KubeObject> => [
  ...new Set(found.flatMap(({ envoyProxy }) => envoyProxy ?? [])),
];

/** As they were, unless they were changed meanwhile in other ways: those changes stay. */
const undo = Effect.fnUntraced(function* (proxies: ReadonlyArray<KubeObject>) {
  const kubectl = yield* Kubectl;
  yield* Effect.forEach(
    proxies,
    (before) =>
      kubectl.get(refOf(EnvoyProxy, before)).pipe(
        Effect.flatMap(
          Option.match({
            onNone: () => Effect.void,
            onSome: (found) => changeObject(EnvoyProxy, found, (live) => asBefore(live, before)),
          }),
        ),
        Effect.catch(({ message }) =>
          warn(`EnvoyProxy ${before.metadata.name} keeps the longer drain: ${message}`),
        ),
      ),
    { discard: true },
  );
});

const lengthen = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  proxies: ReadonlyArray<KubeObject>,
) {
  const { options, interruption } = attempt;
  const { drainTimeout, timeout } = options;
  const hold = yield* holdProxies(attempt);
  if (hold === undefined) return;
  const rollout = yield* followRollout(attempt);
  yield* Effect.forEach(
    proxies,
    (proxy) => changeObject(EnvoyProxy, proxy, (live) => lengthened(live, drainTimeout)),
    { discard: true },
  );
  yield* report({
    _tag: "DrainLengthened",
    envoyProxies: proxies.map(({ metadata }) => metadata.name),
    drainMillis: Duration.toMillis(drainTimeout),
  });
  const seen = yield* interruption.wait(awaitDataPlane(attempt, rollout, timeout, "longer drain"));
  if (Option.isNone(seen)) return yield* undo(proxies);
  if (seen.value._tag === "NotSettled") {
    yield* warn(
      `the proxies did not take the drain of ${formatGoDuration(drainTimeout)}: ${seen.value.why}; they go on with their own`,
    );
    return yield* undo(proxies);
  }
  yield* awaitDrained(attempt, hold, drainTimeout);
  if (yield* interruption.happened) {
    const names = proxies.map(({ metadata }) => metadata.name).join(", ");
    yield* warn(`EnvoyProxy ${names} keeps the drain of ${formatGoDuration(drainTimeout)}`);
  }
});

/**
 * Replaces proxies that drain for less than was asked for by proxies that have that drain, while those they replace are
 * held until their streams have ended. What cannot be held is left as it is, with a warning.
 */
export const lengthenDrains = Effect.fnUntraced(function* (attempt: UpgradeAttempt) {
  const { dataplaneNamespace, drainTimeout: asked } = attempt.options;
  const found = lengthenings(yield* readDrains(attempt), { dataplaneNamespace, asked });
  const proxies = distinctProxies(found);
  const stuck = found.filter(({ envoyProxy }) => envoyProxy === undefined);
  yield* Effect.forEach(
    stuck,
    ({ drain: { deployment, drain } }) =>
      warn(
        `the proxies of ${deployment} drain for ${formatGoDuration(drain)}, and no EnvoyProxy was found to lengthen that: longer streams will be cut`,
      ),
    { discard: true },
  );
  if (proxies.length === 0) return;
  yield* Effect.scoped(lengthen(attempt, proxies)).pipe(
    Effect.catch(({ message }) =>
      warn(
        `could not lengthen the drain of the running proxies: ${message}; longer streams will be cut`,
      ),
    ),
  );
});
