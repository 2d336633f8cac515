/** The admission policy that refuses the deletion of held pods, and the timer it depends on. */
import { Clock, Data, Duration, Effect } from "effect";
import { guardName, policyName } from "../../domain/hold/names.ts";
import {
  AdmissionPolicy,
  AdmissionPolicyBinding,
  guardJob,
  guardSelector,
  type HoldPlace,
  holdPolicy,
  holdPolicyBinding,
  type NamedHold,
} from "../../domain/hold/objects.ts";
import { GUARD_LIFE, GUARD_RENEWAL } from "../../domain/hold/plan.ts";
import { Job, type KubeObject, Pod, refOf } from "../../domain/kube/objects.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { HELD } from "../../words/hold/policy.ts";
import { Kubectl } from "../kube/Kubectl.ts";

const OURS = { fieldManager: "tare", force: true };

/** API servers take up a new policy within a second or two, each for itself. */
const IN_FORCE_WITHIN = Duration.seconds(15);
const LOOK_EVERY = Duration.millis(250);
const LOOKS_IN_A_ROW = 4;

class NotInForce extends Data.TaggedError("NotInForce")<{ readonly message: string }> {}

/**
 * After this nothing is refused. The policy and its binding stay: an API server that has seen the last policy depending on
 * Jobs go watches Jobs no more, and would refuse nothing on behalf of the next one.
 */
export const lowerGuards = Effect.fnUntraced(function* (place: HoldPlace) {
  const kubectl = yield* Kubectl;
  const guards = yield* kubectl.list({
    type: Job,
    namespace: place.dataplaneNamespace,
    labelSelector: guardSelector(place),
    metadataOnly: true,
  });
  yield* Effect.forEach(guards, (guard) => kubectl.delete(refOf(Job, guard)), { discard: true });
});

const isRefused = Effect.fnUntraced(function* (pod: KubeObject) {
  const kubectl = yield* Kubectl;
  return yield* kubectl.delete(refOf(Pod, pod), { dryRun: true }).pipe(
    Effect.as(false),
    Effect.catchIf(
      ({ reason }) => reason === "Rejected",
      () => Effect.succeed(true),
    ),
  );
});

const awaitInForce = Effect.fnUntraced(function* (pod: KubeObject) {
  let refusals = 0;
  while (refusals < LOOKS_IN_A_ROW) {
    refusals = (yield* isRefused(pod)) ? refusals + 1 : 0;
    if (refusals < LOOKS_IN_A_ROW) yield* waitFor("hold-in-force", LOOK_EVERY);
  }
});

export interface Guard {
  /** Moves the end on when it is time to. */
  readonly renew: Effect.Effect<void, never, Kubectl>;
}

/** Returns when the deletion of `pod`, which carries the hold's label, is refused. */
export const raiseGuard = Effect.fnUntraced(function* (held: NamedHold, pod: KubeObject) {
  const kubectl = yield* Kubectl;
  const startedAt = yield* Clock.currentTimeMillis;
  yield* kubectl.apply(Job, guardJob(held, GUARD_LIFE), OURS);
  yield* kubectl.apply(AdmissionPolicy, holdPolicy(held, HELD), OURS);
  yield* kubectl.apply(AdmissionPolicyBinding, holdPolicyBinding(held), OURS);
  yield* Effect.timeoutOrElse(awaitInForce(pod), {
    duration: IN_FORCE_WITHIN,
    orElse: () =>
      Effect.fail(
        new NotInForce({
          message: `ValidatingAdmissionPolicy ${policyName(held.release)} with ${guardName(held.hold)} refuses nothing after ${Duration.toSeconds(IN_FORCE_WITHIN)} s`,
        }),
      ),
  });
  let renewedAt = startedAt;
  return {
    renew: Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis;
      if (now - renewedAt < Duration.toMillis(GUARD_RENEWAL)) return;
      const life = Duration.sum(Duration.millis(now - startedAt), GUARD_LIFE);
      const renewed = yield* Effect.option(kubectl.apply(Job, guardJob(held, life), OURS));
      if (renewed._tag === "Some") renewedAt = now;
    }),
  } satisfies Guard as Guard;
});
