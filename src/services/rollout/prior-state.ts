import { Effect } from "effect";
import type { KubeObject } from "../../domain/kube/objects.ts";
import { takePriorState } from "../../domain/rollout/baseline/take-prior-state.ts";
import { Kubectl, type KubectlError } from "../kube/Kubectl.ts";
import type { FollowRequest } from "./RolloutGate.ts";
import { fixedSources, furtherSources, type Source } from "./watch/sources.ts";
import { listedAs, type Objects, viewOf } from "./watch/view-of.ts";

const isAbsent = ({ decides, optional }: Source, { reason }: KubectlError): boolean =>
  !decides || reason === "NotServed" || (optional && reason === "Forbidden");

const readSource = Effect.fnUntraced(function* (source: Source) {
  const kubectl = yield* Kubectl;
  const objects = yield* Effect.catchIf(
    kubectl.list(source.query),
    (error) => isAbsent(source, error),
    () => Effect.succeed<ReadonlyArray<KubeObject>>([]),
  );
  return [source.key, listedAs(objects)] as const;
});

const readAll = (sources: ReadonlyArray<Source>) =>
  Effect.forEach(sources, readSource, { concurrency: "unbounded" });

/** Everything that decides is there, or this fails. */
export const readPriorState = Effect.fn("RolloutGate.priorState")(function* (
  where: Pick<FollowRequest, "release" | "dataplaneNamespace">,
) {
  const fixed = new Map<string, Objects>(yield* readAll(fixedSources(where)));
  const further = yield* readAll(furtherSources(where, viewOf(where, fixed)));
  return takePriorState(viewOf(where, new Map([...fixed, ...further])));
});
