import { Clock, Context, Duration, Effect, Layer, Random, type Scope } from "effect";
import { isHandedOver } from "../../domain/hold/hand-over.ts";
import { type HandedOver, handedOverAt, mayLeave, seen } from "../../domain/hold/let-go.ts";
import { movesOf } from "../../domain/hold/moves.ts";
import { HELD_LABEL } from "../../domain/hold/names.ts";
import type { HoldPlace, NamedHold } from "../../domain/hold/objects.ts";
import { Deployment, type KubeObject, Pod, refOf } from "../../domain/kube/objects.ts";
import { MANAGED_BY_ENVOY_GATEWAY } from "../../domain/rollout/data-plane.ts";
import { isProxyOf, podsOf } from "../../domain/rollout/view.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { runningDrain } from "../../domain/streams/running-drain.ts";
import { shortDrains } from "../../domain/streams/short-drain.ts";
import { Kubectl } from "../kube/Kubectl.ts";
import { ProxyStats } from "../streams/ProxyStats.ts";
import { type Guard, lowerGuards, raiseGuard } from "./guard.ts";
import { bringBack, hold, holdNewcomers, readHeldPods, release, takeOut } from "./held-pods.ts";
import { type Keeper, makeKeeper } from "./keeper.ts";
import { type Hold, type HoldRequest, ProxyHold } from "./ProxyHold.ts";

const LOOK_EVERY = Duration.seconds(1);
/** Taking down what holds must not hold up the end of a run for longer. */
const LOWER_WITHIN = Duration.seconds(15);

/**
 * A ReplicaSet that wants fewer pods deletes the rest. An admission policy refuses it the held ones; those are handed over
 * (see docs/decisions), and deleted when their streams have ended.
 */
export const layerProxyHoldAdmission: Layer.Layer<ProxyHold, never, Kubectl | ProxyStats> =
  Layer.effect(
    ProxyHold,
    Effect.gen(function* () {
      const [kubectl, stats] = yield* Effect.all([Kubectl, ProxyStats]);
      // Not with this layer's whole context: its scope would keep what a hold has to give up.
      const services = Context.make(Kubectl, kubectl).pipe(Context.add(ProxyStats, stats));
      return ProxyHold.of({
        begin: (request) => Effect.provideContext(begin(request), services),
        clear: (place) => Effect.provideContext(clear(place), services),
      });
    }),
  );

/** Pods of the data plane, with what it takes to tell whose they are. */
const readProxies = Effect.fnUntraced(function* ({ dataplaneNamespace }: HoldPlace) {
  const kubectl = yield* Kubectl;
  const deployments = yield* kubectl.list({
    type: Deployment,
    namespace: dataplaneNamespace,
    labelSelector: MANAGED_BY_ENVOY_GATEWAY,
  });
  return deployments.filter((deployment) => isProxyOf(deployment, dataplaneNamespace));
});

/** The pods of these Deployments that serve by now. */
const podsToHold = Effect.fnUntraced(function* (
  named: NamedHold,
  deployments: ReadonlyArray<KubeObject>,
) {
  const kubectl = yield* Kubectl;
  const { replicaSets } = yield* readHeldPods(named);
  const pods = yield* kubectl.list({
    type: Pod,
    namespace: named.dataplaneNamespace,
    labelSelector: MANAGED_BY_ENVOY_GATEWAY,
  });
  return deployments
    .flatMap((object) => podsOf({ group: "data-plane", object }, { pods, replicaSets }))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
});

const begin = Effect.fn("ProxyHold.begin")(function* (
  request: HoldRequest,
): Effect.fn.Return<Hold | undefined, never, Kubectl | ProxyStats | Scope.Scope> {
  const { asked, onNews } = request;
  const deployments = yield* Effect.orElseSucceed(
    readProxies(request),
    (): ReadonlyArray<KubeObject> => [],
  );
  const drains = shortDrains(deployments.map(runningDrain), asked);
  if (drains.length === 0) return undefined;
  const serial = (yield* Random.nextInt) >>> 0;
  const named: NamedHold = { ...request, hold: serial.toString(16).padStart(8, "0") };
  const short = new Set(drains.map(({ deployment }) => deployment));
  const raised = yield* Effect.result(
    Effect.gen(function* () {
      const pods = yield* podsToHold(
        named,
        deployments.filter(({ metadata }) => short.has(metadata.name)),
      );
      const [first, ...others] = pods;
      if (first === undefined) return undefined;
      yield* Effect.addFinalizer(() => lower(named, `${HELD_LABEL}=${named.hold}`));
      const labelled = yield* hold(first, named.hold);
      yield* Effect.forEach(others, (pod) => hold(pod, named.hold), { discard: true });
      return { guard: yield* raiseGuard(named, labelled), pods: pods.length };
    }),
  );
  if (raised._tag === "Failure") {
    yield* lower(named, `${HELD_LABEL}=${named.hold}`);
    yield* onNews({ _tag: "NotHeld", drains, why: raised.failure.message });
    return undefined;
  }
  if (raised.success === undefined) return undefined;
  const { guard, pods } = raised.success;
  yield* onNews({ _tag: "Held", drains, pods });
  return yield* keepWatch({ named, request, guard });
});

interface Watch {
  readonly named: NamedHold;
  readonly request: HoldRequest;
  readonly guard: Guard;
}

const keepWatch = Effect.fnUntraced(function* ({ named, request, guard }: Watch) {
  const keeper = makeKeeper(named, request.asked);
  const out = new Map<string, HandedOver>();
  let looks = 0;
  let busy = true;
  let toldNotClosing = false;

  const look = Effect.gen(function* () {
    yield* guard.renew;
    const found = yield* readHeldPods(named);
    yield* holdNewcomers(named, found, request.asked);
    const { pods } = found;
    const moves = movesOf(found);
    yield* Effect.forEach(
      moves.handOver,
      Effect.fnUntraced(function* (move) {
        const pod = move.pod.metadata.name;
        const refusal = yield* takeOut(move, keeper);
        yield* request.onNews({ _tag: "HandedOver", pod });
        if (refusal === undefined || toldNotClosing) return;
        toldNotClosing = true;
        yield* request.onNews({ _tag: "NotClosing", pod, why: refusal });
      }),
      { concurrency: "unbounded", discard: true },
    );
    for (const pod of moves.putBack) {
      yield* bringBack(pod);
      out.delete(pod.metadata.uid ?? "");
      yield* request.onNews({ _tag: "PutBack", pod: pod.metadata.name });
    }
    const away = pods.filter(
      (pod) =>
        isHandedOver(pod) &&
        pod.metadata.deletionTimestamp === undefined &&
        !moves.putBack.includes(pod),
    );
    const serving = yield* Effect.forEach(away, (pod) => letGoWhenDone(pod, out, request), {
      concurrency: "unbounded",
    });
    busy = moves.handOver.length > 0 || serving.includes(true);
  }).pipe(
    // What could not be read or written now is tried again with the next look: the policy goes on refusing.
    Effect.ignore,
    Effect.andThen(
      Effect.sync(() => {
        looks += 1;
      }),
    ),
  );

  yield* Effect.addFinalizer(() => settleUp(named, keeper, request));
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(look, waitFor("hold-look", LOOK_EVERY))));
  const drained = Effect.gen(function* () {
    const since = looks;
    // A look that was under way might have missed the end of the rollout.
    while (looks < since + 2 || busy) yield* waitFor("streams-end", LOOK_EVERY);
  });
  return { drained } satisfies Hold as Hold;
});

/** @returns whether there is something to wait for: a proxy without statistics never shows how long it is needed. */
const letGoWhenDone = Effect.fnUntraced(function* (
  pod: KubeObject,
  out: Map<string, HandedOver>,
  { asked, onNews }: HoldRequest,
) {
  const [kubectl, stats] = yield* Effect.all([Kubectl, ProxyStats]);
  const { name, namespace = "", uid = "" } = pod.metadata;
  const counted = yield* Effect.option(stats.openStreams({ name, namespace }));
  const openStreams = counted._tag === "Some" ? counted.value : undefined;
  const now = yield* Clock.currentTimeMillis;
  const proxy = seen(out.get(uid) ?? handedOverAt(now), { openStreams, atMillis: now });
  out.set(uid, proxy);
  const why = mayLeave(proxy, asked, now);
  if (why === undefined) return openStreams !== undefined;
  yield* kubectl.delete(refOf(Pod, pod));
  out.delete(uid);
  yield* onNews({ _tag: "LetGo", pod: name, why, openStreams });
  return false;
});

/** Pods that still serve are left to the keeper's timer. */
const settleUp = Effect.fnUntraced(
  function* (named: NamedHold, keeper: Keeper, { asked, onNews }: HoldRequest) {
    const { pods } = yield* readHeldPods(named);
    const serving = pods.filter(
      (pod) => isHandedOver(pod) && pod.metadata.deletionTimestamp === undefined,
    ).length;
    if (serving === 0) return yield* keeper.dismiss;
    yield* onNews({ _tag: "LeftServing", pods: serving, atMost: asked });
  },
  (settling) => Effect.ignore(Effect.timeout(settling, LOWER_WITHIN)),
);

const unlabel = Effect.fnUntraced(function* (place: HoldPlace, labelSelector: string) {
  const kubectl = yield* Kubectl;
  const { dataplaneNamespace: namespace } = place;
  const pods = yield* kubectl.list({ type: Pod, namespace, labelSelector });
  yield* Effect.forEach(
    pods.filter((pod) => !isHandedOver(pod)),
    (pod) => Effect.ignore(release(pod)),
    { discard: true },
  );
});

/** After this nothing refuses a deletion any more; what fails here ends with the guard's own time. */
const lower = (place: HoldPlace, pods: string) =>
  Effect.andThen(Effect.ignore(lowerGuards(place)), unlabel(place, pods)).pipe(
    Effect.timeout(LOWER_WITHIN),
    Effect.ignore,
  );

const clear = Effect.fn("ProxyHold.clear")((place: HoldPlace) => lower(place, HELD_LABEL));
