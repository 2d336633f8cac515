/** Servers in pods as the API server reaches them. */
import { Clock, Effect, Ref } from "effect";
import { Pod } from "../../../src/domain/kube/objects.ts";
import {
  KubectlError,
  type KubectlErrorReason,
  type PodHttpRef,
} from "../../../src/services/kube/Kubectl.ts";
import type { FakeCluster } from "./FakeCluster.ts";
import type { ApiRequest } from "./faults.ts";

export const podHttp = (
  cluster: FakeCluster["Service"],
  request: ApiRequest,
  ref: PodHttpRef,
): Effect.Effect<string, KubectlError> => {
  const failure = (reason: KubectlErrorReason, detail: string) =>
    new KubectlError({ reason, request: request.label, detail });
  return cluster.request(
    request,
    Effect.gen(function* () {
      const pod = yield* cluster.peek({ type: Pod, namespace: ref.namespace, name: ref.pod });
      if (pod === undefined) {
        return yield* failure("NotServed", `pods "${ref.pod}" not found`);
      }
      const answer = yield* Ref.get(cluster.podServers);
      const text = answer(ref, pod, yield* Clock.currentTimeMillis);
      return text === undefined
        ? yield* failure("ServerError", "error trying to reach service: connection refused")
        : text;
    }),
  );
};
