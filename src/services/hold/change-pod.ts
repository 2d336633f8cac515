import { Effect } from "effect";
import { type KubeObject, Pod, refOf } from "../../domain/kube.ts";
import { Kubectl, type KubectlError } from "../Kubectl.ts";

/** As many as client-go's `DefaultRetry` makes. */
const TRIES = 5;

/**
 * Writes what `change` makes of the pod. The kubelet and the controllers write to it all the time, so the pod may be newer than
 * the one at hand: then it is read and changed again, as long as it is the same pod. Fails with `Conflict` when another was first each time, or when the pod has gone.
 */
export const changePod = Effect.fnUntraced(function* (
  pod: KubeObject,
  change: (pod: KubeObject) => KubeObject,
): Effect.fn.Return<KubeObject, KubectlError, Kubectl> {
  const kubectl = yield* Kubectl;
  const again = Effect.fnUntraced(function* (
    conflict: KubectlError,
    triesLeft: number,
  ): Effect.fn.Return<KubeObject, KubectlError> {
    const read = yield* kubectl.get(refOf(Pod, pod));
    const isSame = read._tag === "Some" && read.value.metadata.uid === pod.metadata.uid;
    return yield* isSame ? write(read.value, triesLeft) : conflict;
  });
  const write = (current: KubeObject, triesLeft: number): Effect.Effect<KubeObject, KubectlError> =>
    Effect.catch(kubectl.replace(Pod, change(current)), (error) =>
      error.reason === "Conflict" && triesLeft > 1 ? again(error, triesLeft - 1) : error,
    );
  return yield* write(pod, TRIES);
});
