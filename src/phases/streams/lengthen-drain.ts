/**
 * Gives the proxies the drain that was asked for before anything else changes. Both limits of a running pod come with its
 * template: how long its preStop hook waits, and how long Envoy keeps connections of a listener that the controller
 * changes, as nearly every upgrade of the controller does. Only pods made with the longer drain are safe from both.
 */
import { Duration, Effect, Option } from "effect";
import {
  asBefore,
  type Lengthening,
  lengthened,
  lengtheningBudget,
  lengthenings,
} from "../../domain/hold/lengthen.ts";
import { EnvoyProxy, type KubeObject, refOf } from "../../domain/kube/objects.ts";
import { shortestDrain } from "../../domain/streams/short-drain.ts";
import { changeObject, Kubectl } from "../../services/kube/Kubectl.ts";
import { report, warn } from "../../services/report/Reporter.ts";
import { describeObstacle } from "../../words/rollout/obstacle.ts";
import type { UpgradeAttempt } from "../helm/attempt.ts";
import { awaitDrained, holdProxies } from "../hold/hold.ts";
import { holdObstacle } from "../hold/hold-obstacle.ts";
import { awaitDataPlane, followRollout, staged } from "../rollout/rollout.ts";
import { readDrainFacts } from "./drain-facts.ts";

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
          warn({ code: "drain-not-restored", envoyProxy: before.metadata.name, cause: message }),
        ),
      ),
    { discard: true },
  );
});

const unheld = ({ streams }: UpgradeAttempt, short: ReadonlyArray<Lengthening>) =>
  Effect.map(streams.open, (openStreams) => ({
    drain: shortestDrain(short.map(({ drain }) => drain)),
    openStreams,
  }));

const lengthen = Effect.fnUntraced(function* (
  attempt: UpgradeAttempt,
  short: ReadonlyArray<Lengthening>,
) {
  const { options, interruption } = attempt;
  const { drainTimeout, timeout, settleTime } = options;
  const proxies = distinctProxies(short);
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
  const budget = lengtheningBudget(
    short.map(({ workload }) => workload),
    { timeout, settleTime },
  );
  const seen = yield* interruption.wait(awaitDataPlane(attempt, rollout, budget, "longer drain"));
  // While they are still held: the controller and the ReplicaSets take their time to want the old proxies again, and would end them
  // at once. So not even a signal cuts this short.
  const back = rollout.settled({ budget, settleTime, failFast: false });
  const wayBack = Effect.andThen(undo(proxies), staged("shorter drain", budget, back));
  if (Option.isNone(seen)) {
    yield* wayBack;
    return;
  }
  if (seen.value._tag === "NotSettled") {
    const { why } = seen.value;
    yield* warn({
      code: "drain-not-taken",
      ...(yield* unheld(attempt, short)),
      asked: drainTimeout,
      why: describeObstacle(why),
    });
    yield* wayBack;
    return;
  }
  yield* awaitDrained(attempt, hold, drainTimeout);
  if (yield* interruption.happened) {
    const envoyProxies = proxies.map(({ metadata }) => metadata.name);
    yield* warn({ code: "longer-drain-stays", envoyProxies, drain: drainTimeout });
  }
});

/**
 * Replaces proxies that drain for less than was asked for by proxies that have that drain, while those they replace are
 * held until their streams have ended. What cannot be held is left as it is; the HA preflight has said so where it could.
 */
export const lengthenDrains = Effect.fnUntraced(function* (attempt: UpgradeAttempt) {
  const { dataplaneNamespace, drainTimeout: asked } = attempt.options;
  const facts = yield* readDrainFacts(attempt.options);
  const short = lengthenings(facts, { dataplaneNamespace, asked }).filter(
    ({ envoyProxy }) => envoyProxy !== undefined,
  );
  if (short.length === 0) return;
  if ((yield* holdObstacle(attempt.options, facts)) !== undefined) return;
  yield* Effect.scoped(lengthen(attempt, short)).pipe(
    Effect.catch(({ message }) =>
      Effect.flatMap(unheld(attempt, short), (streams) =>
        warn({ code: "drain-not-lengthened", ...streams, cause: message }),
      ),
    ),
  );
});
