/** One pod of each template that will make new ones, as the server would judge it. */
import { Effect, Option, Result } from "effect";
import type { PodsOf } from "../../../domain/checks/pod-rehearsal.ts";
import {
  judgesByUser,
  needsAccount,
  type PodsToCome,
  podVerdict,
  rehearsedPod,
  withoutAccount,
} from "../../../domain/checks/pod-rehearsal.ts";
import { type KubeObject, Pod, ValidatingAdmissionPolicy } from "../../../domain/kube/objects.ts";
import { Kubectl } from "../../../services/kube/Kubectl.ts";

const PODS_AT_ONCE = 8;
const AS_CONTROLLER = { fieldManager: "tare", force: true, dryRun: true };

export interface JudgedPods {
  readonly pods: PodsOf;
  /** In the server's words. */
  readonly detail: string;
  /** It is certain that none will be let in as the cluster is now. */
  readonly isFinal: boolean;
}

/** A policy that looks at who makes the pod may let the controller's in. */
const isForEverybody = Effect.fnUntraced(function* (policy: string | undefined) {
  if (policy === undefined) return false;
  const kubectl = yield* Kubectl;
  const found = yield* Effect.option(
    kubectl.get({ type: ValidatingAdmissionPolicy, name: policy }),
  );
  const object = Option.flatten(found);
  return Option.isSome(object) && !judgesByUser(object.value);
});

const refusalOf = Effect.fnUntraced(function* (pod: KubeObject) {
  const kubectl = yield* Kubectl;
  const tried = yield* Effect.result(kubectl.apply(Pod, pod, AS_CONTROLLER));
  return Result.isSuccess(tried) ? undefined : tried.failure.detail;
});

const judge = Effect.fnUntraced(function* (
  coming: PodsToCome,
): Effect.fn.Return<ReadonlyArray<JudgedPods>, never, Kubectl> {
  const pod = rehearsedPod(coming);
  const first = yield* refusalOf(pod);
  const isOfOther = first !== undefined && needsAccount(first);
  const detail = isOfOther ? yield* refusalOf(withoutAccount(pod)) : first;
  if (detail === undefined) return [];
  const { workload, namespace, comeFirst = false } = coming;
  const pods: PodsOf = { kind: workload.kind, name: workload.metadata.name, namespace };
  const verdict = podVerdict(detail);
  switch (verdict._tag) {
    case "Fine":
      return [];
    case "Refused":
      return [{ pods, detail, isFinal: true }];
    case "NoRoom":
      return [{ pods, detail, isFinal: comeFirst }];
    case "Policy":
      // It may look at the account.
      if (isOfOther) return [];
      return [{ pods, detail, isFinal: yield* isForEverybody(verdict.policy) }];
  }
});

export const judgePods = Effect.fn("tare.plan.pods")(function* (coming: ReadonlyArray<PodsToCome>) {
  const judged = yield* Effect.forEach(coming, judge, { concurrency: PODS_AT_ONCE });
  return judged.flat();
});
