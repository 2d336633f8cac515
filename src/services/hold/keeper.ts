/** The timer that ends proxies that were handed over, whether or not their run is alive by then. */
import { Clock, Duration, Effect } from "effect";
import { keeperName } from "../../domain/hold/names.ts";
import {
  keeperJob,
  keeperOwner,
  type NamedHold,
  ownerReferenceTo,
} from "../../domain/hold/objects.ts";
import { KEEPER_MARGIN } from "../../domain/hold/plan.ts";
import { ConfigMap, Job } from "../../domain/kube/objects.ts";
import { Kubectl } from "../kube/Kubectl.ts";

const OURS = { fieldManager: "tare", force: true };

/** When its Job ends at its deadline, the garbage collector takes the ConfigMap, and with that the pods it owns. */
export const makeKeeper = (held: NamedHold, asked: Duration.Duration) => {
  const kept = Duration.sum(asked, KEEPER_MARGIN);
  let startedAt: number | undefined;
  const ref = { name: keeperName(held.hold), namespace: held.dataplaneNamespace };
  return {
    /** The owner for a pod that is handed over now, which has all of the asked time from now on. */
    owner: Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const now = yield* Clock.currentTimeMillis;
      startedAt ??= now;
      const deadline = Duration.sum(Duration.millis(now - startedAt), kept);
      const job = yield* kubectl.apply(Job, keeperJob(held, deadline), OURS);
      return ownerReferenceTo(yield* kubectl.apply(ConfigMap, keeperOwner(held, job), OURS));
    }),
    /** For when nothing is kept any more. */
    dismiss: Effect.gen(function* () {
      if (startedAt === undefined) return;
      const kubectl = yield* Kubectl;
      yield* kubectl.delete({ type: Job, ...ref });
      yield* kubectl.delete({ type: ConfigMap, ...ref });
    }),
  };
};

export type Keeper = ReturnType<typeof makeKeeper>;
