/** The pods of one hold: found, labelled, moved out of rotation and back. */
import { Clock, type Duration, Effect } from "effect";
import {
  handedOver,
  held,
  noLongerHeld,
  putBack,
  selectorKeys,
} from "../../domain/hold/hand-over.ts";
import type { HeldPods } from "../../domain/hold/held-pods.ts";
import type { Move } from "../../domain/hold/moves.ts";
import { HELD_LABEL } from "../../domain/hold/names.ts";
import { growing, newcomersOf } from "../../domain/hold/newcomers.ts";
import type { NamedHold } from "../../domain/hold/objects.ts";
import { type KubeObject, Pod, ReplicaSet } from "../../domain/kube/objects.ts";
import { MANAGED_BY_ENVOY_GATEWAY } from "../../domain/rollout/data-plane.ts";
import { changeObject, Kubectl } from "../kube/Kubectl.ts";
import type { Keeper } from "./keeper.ts";

/** Only on the pod's loopback. */
const ADMIN_PORT = 19000;

/**
 * From then on each answer that begins asks its client to use another connection; answers under way go on, and so does
 * listening. Not `/healthcheck/fail`, as the pod's own preStop hook: Envoy Gateway's liveness probe asks the same filter as
 * readiness, so that the kubelet would restart the proxy half a minute later.
 */
const askToLeave = Effect.fnUntraced(function* ({ metadata }: KubeObject) {
  const kubectl = yield* Kubectl;
  yield* kubectl.askPod({
    namespace: metadata.namespace ?? "",
    pod: metadata.name,
    port: ADMIN_PORT,
    method: "POST",
    path: "/drain_listeners?graceful&skip_exit",
  });
});

export const readHeldPods = Effect.fnUntraced(function* ({ hold, dataplaneNamespace }: NamedHold) {
  const kubectl = yield* Kubectl;
  const where = { namespace: dataplaneNamespace };
  return yield* Effect.all(
    {
      replicaSets: kubectl.list({
        type: ReplicaSet,
        ...where,
        labelSelector: MANAGED_BY_ENVOY_GATEWAY,
      }),
      pods: kubectl.list({ type: Pod, ...where, labelSelector: `${HELD_LABEL}=${hold}` }),
    } satisfies { readonly [Key in keyof HeldPods]: Effect.Effect<HeldPods[Key], unknown> },
    { concurrency: "unbounded" },
  );
});

export const hold = (pod: KubeObject, name: string) =>
  changeObject(Pod, pod, (current) => held(current, name));

/** They are asked for only where a ReplicaSet shows that there are some. */
export const holdNewcomers = Effect.fnUntraced(function* (
  { hold: name, dataplaneNamespace: namespace }: NamedHold,
  known: HeldPods,
  asked: Duration.Duration,
) {
  const replicaSets = growing(known, asked);
  if (replicaSets.length === 0) return;
  const kubectl = yield* Kubectl;
  const pods = yield* kubectl.list({
    type: Pod,
    namespace,
    labelSelector: MANAGED_BY_ENVOY_GATEWAY,
  });
  yield* Effect.forEach(newcomersOf(pods, replicaSets), (pod) => hold(pod, name), {
    discard: true,
  });
});

export const release = (pod: KubeObject) => changeObject(Pod, pod, noLongerHeld);

/** @returns why clients that keep a connection could not be asked to leave; nothing when they were. */
export const takeOut = Effect.fnUntraced(function* ({ pod, replicaSet }: Move, keeper: Keeper) {
  const owner = yield* keeper.owner;
  const at = new Date(yield* Clock.currentTimeMillis);
  const keys = selectorKeys(replicaSet);
  yield* changeObject(Pod, pod, (current) => handedOver(current, { keys, owner, at }));
  return yield* askToLeave(pod).pipe(
    Effect.as(undefined),
    Effect.catch(({ message }) => Effect.succeed(message)),
  );
});

/** It goes on asking its clients to leave after each answer, which costs them a connection and nothing else. */
export const bringBack = (pod: KubeObject) => changeObject(Pod, pod, putBack);
