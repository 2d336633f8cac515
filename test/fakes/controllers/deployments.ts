/** Runs the Deployments of the fake cluster: the Deployment and ReplicaSet controllers and the kubelets in one. */
import { Clock, Context, Effect, Layer } from "effect";
import {
  DaemonSet,
  Deployment,
  Event,
  fieldAt,
  type KubeObject,
  type ObjectRef,
  Pod as PodType,
  ReplicaSet,
  refOf,
} from "../../../src/domain/kube/objects.ts";
import { FakeCluster } from "../cluster/FakeCluster.ts";
import { isHeld } from "../cluster/hold.ts";
import { keyOf } from "../cluster/store.ts";
import { type Behaviour, behaviourOf } from "../pods/behaviour.ts";
import { advanced, type Container, isRunning } from "../pods/container.ts";
import { FakeStreams } from "../pods/FakeStreams.ts";
import { eventSuffix } from "../pods/names.ts";
import {
  ended,
  isActive,
  isReady,
  newPod,
  nextChangeOf,
  type Pod,
  settledPod,
} from "../pods/pod.ts";
import { eventObject, tellingsOf } from "../pods/pod-events.ts";
import { podObject } from "../pods/pod-status.ts";
import { makeDaemonSets } from "./daemon-sets.ts";
import {
  deploymentStatus,
  goalOf,
  hashOf,
  newPodObject,
  newReplicaSet,
  ownedBy,
  type Progress,
  progressMillisOf,
  revisionOf,
  withReplicas,
  withRevision,
} from "./deployment-objects.ts";
import { nextStep } from "./rollout.ts";

/** Between a change and the controller noticing it. */
const NOTICED_AFTER = 200;
/** A deletion that was refused is tried again. */
const REFUSED_AGAIN_AFTER = 1_000;

/** Something that befalls pods whatever their images say. */
export interface Affliction {
  readonly behaviour: Behaviour;
  /** All pods when left out. */
  readonly of?: (pod: KubeObject) => boolean;
}

export class FakeDeployments extends Context.Service<
  FakeDeployments,
  {
    /** Gives a seeded Deployment or DaemonSet all its pods, ready. */
    readonly settle: (deployment: KubeObject) => Effect.Effect<void>;
    /** From now on those pods do that; returns the cure, from which on they do what their images say. */
    readonly afflict: (affliction: Affliction) => Effect.Effect<Effect.Effect<void>>;
  }
>()("tare/testing/FakeDeployments") {
  static readonly layer: Layer.Layer<FakeDeployments, never, FakeCluster | FakeStreams> =
    Layer.effect(
      FakeDeployments,
      Effect.suspend(() => make),
    );
}

/** What is known of one Deployment beside its objects. */
interface Known {
  readonly ref: ObjectRef;
  pods: ReadonlyArray<Pod>;
  /** Pods that it does not want any more, and is not allowed to delete. */
  refused: ReadonlySet<string>;
  /** Why a pod that it wants could not be made. */
  withoutRoom: string | undefined;
  /** When it is looked at next. */
  dueAt: number;
  /** For the deadline on progress. */
  progressedAt: number;
  progress: Progress;
  lastCounts: string;
  lastHash: string;
}

const make = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const streams = yield* FakeStreams;
  const scope = yield* Effect.scope;
  const known = new Map<string, Known>();
  let afflictions: ReadonlyArray<Affliction> = [];
  let serial = 0;

  const knownOf = (ref: ObjectRef): Known => {
    const found = known.get(keyOf(ref));
    if (found !== undefined) return found;
    const fresh: Known = {
      ref,
      pods: [],
      refused: new Set(),
      withoutRoom: undefined,
      dueAt: Number.POSITIVE_INFINITY,
      progressedAt: 0,
      progress: "progressing",
      lastCounts: "",
      lastHash: "",
    };
    known.set(keyOf(ref), fresh);
    return fresh;
  };

  const behaviourFor = ({ object, createdAt }: Pod, { image }: Container, now: number) =>
    afflictions.findLast(({ of }) => of === undefined || of(object))?.behaviour ??
    behaviourOf(image, now - createdAt);

  /** Looks again at `at`, or earlier if that was planned already. */
  const lookAt = (deployment: Known, at: number): Effect.Effect<void> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (at === Number.POSITIVE_INFINITY || deployment.dueAt <= at) return Effect.void;
      deployment.dueAt = at;
      return Effect.sleep(Math.max(0, at - now)).pipe(
        Effect.andThen(
          Effect.suspend(() => {
            if (deployment.dueAt !== at) return Effect.void;
            deployment.dueAt = Number.POSITIVE_INFINITY;
            return Effect.flatMap(look(deployment), (next) => lookAt(deployment, next));
          }),
        ),
        Effect.forkIn(scope),
        Effect.asVoid,
      );
    });

  /** Lets the pods live on to `now`; what changed is written. */
  const live = Effect.fnUntraced(function* (deployment: Known, now: number) {
    const next: Array<Pod> = [];
    for (const pod of deployment.pods) {
      const ref = refOf(PodType, pod.object);
      const stored = yield* cluster.peek(ref);
      if (stored === undefined || (pod.ending !== undefined && pod.ending.goneAt <= now)) {
        streams.ended(ref.name, { since: now, latestAt: now, ...pod.ending, goneAt: now });
        yield* cluster.purge(ref);
        continue;
      }
      if (pod.ending === undefined && stored.metadata.deletionTimestamp !== undefined) {
        next.push(endedNow(pod, stored, now));
        continue;
      }
      const isMoved = stored.metadata.labels !== pod.object.metadata.labels;
      const current = isMoved
        ? { ...pod, object: { ...pod.object, metadata: stored.metadata } }
        : pod;
      next.push(yield* lived(current, now));
    }
    deployment.pods = next;
  });

  const lived = Effect.fnUntraced(function* (pod: Pod, now: number) {
    if (pod.ending !== undefined) return pod;
    const containers = pod.containers.map((container) =>
      advanced(container, behaviourFor(pod, container, now), now),
    );
    if (containers.every((container, index) => container === pod.containers[index])) return pod;
    const ready = containers.every(({ state }) => state === "ready");
    const changed: Pod = { ...pod, containers, readyAt: ready ? (pod.readyAt ?? now) : undefined };
    const crashed = containers.some(
      ({ restarts, state }, index) =>
        restarts !== pod.containers[index]?.restarts ||
        (state === "back-off" && isRunning(pod.containers[index] as Container)),
    );
    if (crashed) streams.cut(pod.object.metadata.name, now);
    yield* cluster.put(PodType, podObject(changed));
    for (const [index, container] of containers.entries()) {
      if (container !== pod.containers[index]) yield* tell(changed, container, now);
    }
    return changed;
  });

  const tell = Effect.fnUntraced(function* (pod: Pod, container: Container, now: number) {
    const { object } = pod;
    for (const told of tellingsOf(container, object)) {
      const name = `${object.metadata.name}.${eventSuffix(`${container.name} ${told.message}`)}`;
      const { namespace = "" } = object.metadata;
      const before = yield* cluster.peek({ type: Event, name, namespace });
      const first = before?.firstTimestamp;
      const count = before?.count;
      yield* cluster.put(
        Event,
        eventObject(name, object, container, told, {
          first: typeof first === "string" ? first : new Date(now).toISOString(),
          count: typeof count === "number" ? count + 1 : 1,
          now,
        }),
      );
    }
  });

  const endedNow = (pod: Pod, stored: KubeObject, now: number): Pod =>
    ended(
      { ...pod, object: { ...pod.object, metadata: stored.metadata } },
      streams.endOf(pod.object.metadata.name),
      now,
    );

  const end = Effect.fnUntraced(function* (deployment: Known, pod: Pod, now: number) {
    const ref = refOf(PodType, pod.object);
    yield* cluster.remove(ref);
    const stored = yield* cluster.peek(ref);
    deployment.pods = deployment.pods.flatMap((one) => {
      if (one !== pod) return [one];
      return stored === undefined ? [] : [endedNow(pod, stored, now)];
    });
  });

  /** The ReplicaSet of the current template: found again after a rollback, made when it is new. */
  const currentSet = Effect.fnUntraced(function* (deployment: KubeObject, hash: string) {
    const name = `${deployment.metadata.name}-${hash}`;
    const ref = refOf(ReplicaSet, { ...deployment, metadata: { ...deployment.metadata, name } });
    const found = yield* cluster.peek(ref);
    const newest = revisionOf(deployment);
    if (found !== undefined && revisionOf(found) === newest) return found;
    const made = found ?? newReplicaSet(deployment, hash);
    const revision = newest + 1;
    yield* cluster.put(Deployment, withRevision(deployment, revision));
    return yield* cluster.put(ReplicaSet, withRevision(made, revision));
  });

  const countSets = Effect.fnUntraced(function* (deployment: Known) {
    const { name, namespace } = deployment.ref;
    for (const set of yield* cluster.all(ReplicaSet, namespace)) {
      if (set.metadata.ownerReferences?.[0]?.name !== name) continue;
      const pods = ownPods(deployment).filter((pod) => hashOf(pod.object) === hashOf(set));
      const wanted = pods.filter((pod) => !deployment.refused.has(nameOf(pod))).length;
      const all = { all: pods.length, ready: pods.filter(isReady).length };
      const counted = withReplicas(set, wanted, all);
      if (counted !== set) yield* cluster.put(ReplicaSet, counted);
    }
  });

  /** One look at a Deployment; returns when something changes by itself. */
  const look = Effect.fnUntraced(function* (deployment: Known) {
    const now = yield* Clock.currentTimeMillis;
    yield* live(deployment, now);
    const object = yield* cluster.peek(deployment.ref);
    if (object === undefined) {
      yield* collect(deployment, now);
    } else {
      yield* rollOut(deployment, object, now);
    }
    const changes = deployment.pods.map(nextChangeOf);
    if (deployment.refused.size > 0 || deployment.withoutRoom !== undefined)
      changes.push(now + REFUSED_AGAIN_AFTER);
    const deadline =
      object !== undefined && deployment.progress === "progressing"
        ? deployment.progressedAt + progressMillisOf(object)
        : Number.POSITIVE_INFINITY;
    return Math.min(deadline, ...changes);
  });

  /** What a Deployment owned goes with it. */
  const collect = Effect.fnUntraced(function* (deployment: Known, now: number) {
    for (const pod of deployment.pods.filter(isActive)) yield* end(deployment, pod, now);
    const { name, namespace } = deployment.ref;
    for (const set of yield* cluster.all(ReplicaSet, namespace)) {
      if (set.metadata.ownerReferences?.[0]?.name === name)
        yield* cluster.purge(refOf(ReplicaSet, set));
    }
  });

  /** Pods whose labels match again, and which have no owner, are the ReplicaSet's. */
  const adopt = Effect.fnUntraced(function* (deployment: Known) {
    for (const pod of ownPods(deployment)) {
      if ((pod.object.metadata.ownerReferences ?? []).length > 0) continue;
      const name = `${deployment.ref.name}-${hashOf(pod.object)}`;
      const { namespace } = deployment.ref;
      const set = yield* cluster.peek({
        type: ReplicaSet,
        name,
        ...(namespace === undefined ? {} : { namespace }),
      });
      if (set === undefined) continue;
      const metadata = { ...pod.object.metadata, ownerReferences: ownedBy(ReplicaSet, set) };
      const owned: Pod = { ...pod, object: { ...pod.object, metadata } };
      yield* cluster.put(PodType, podObject(owned));
      deployment.pods = deployment.pods.map((one) => (one === pod ? owned : one));
    }
  });

  const rollOut = Effect.fnUntraced(function* (deployment: Known, object: KubeObject, now: number) {
    const goal = goalOf(object);
    // Whoever pauses it wants no new template: not even its ReplicaSet is made.
    if (fieldAt(object, "spec", "paused") === true)
      return yield* publish(deployment, goal.hash, now);
    const set = yield* currentSet(object, goal.hash);
    yield* adopt(deployment);
    const refused = new Set<string>();
    deployment.refused = refused;
    deployment.withoutRoom = undefined;
    const countable = () =>
      ownPods(deployment)
        .filter((pod) => !refused.has(nameOf(pod)))
        .map((pod) => ({ hash: hashOf(pod.object), ready: isReady(pod), pod }));
    while (true) {
      const leaving = deployment.pods.filter((pod) => !isActive(pod)).length;
      const step = nextStep(countable(), goal, leaving);
      if (step._tag === "Wait") break;
      if (step._tag === "Remove") {
        const { pod } = step.pod;
        const store = yield* cluster.snapshot;
        if (isHeld(store, refOf(PodType, pod.object))) refused.add(nameOf(pod));
        else yield* end(deployment, pod, now);
      } else {
        const made = newPod(newPodObject(set, serial++), now);
        deployment.withoutRoom = yield* cluster.refusal(PodType, made.object);
        if (deployment.withoutRoom !== undefined) break;
        const object = yield* cluster.put(PodType, podObject(made));
        deployment.pods = [...deployment.pods, { ...made, object: withoutStatus(object) }];
      }
    }
    yield* countSets(deployment);
    yield* publish(deployment, goal.hash, now);
  });

  const publish = Effect.fnUntraced(function* (deployment: Known, hash: string, now: number) {
    const object = yield* cluster.peek(deployment.ref);
    if (object === undefined) return;
    const goal = goalOf(object);
    const active = ownPods(deployment);
    const updated = active.filter((pod) => hashOf(pod.object) === hash);
    const all = { all: active.length, ready: active.filter(isReady).length };
    deployment.progress = progressOf(deployment, {
      hash,
      counts: `${updated.length} ${all.all} ${all.ready}`,
      complete:
        updated.length === goal.desired && all.all === goal.desired && all.ready === goal.desired,
      onlyNew: all.all === updated.length,
      deadlineMillis: progressMillisOf(object),
      now,
    });
    const mustBeReady = goal.desired - goal.maxUnavailable;
    yield* cluster.setStatus(
      deployment.ref,
      deploymentStatus(
        object,
        { all, updated: updated.length, mustBeReady },
        { progress: deployment.progress, withoutRoom: deployment.withoutRoom },
        `${object.metadata.name}-${hash}`,
      ),
    );
  });

  const progressOf = (
    deployment: Known,
    seen: {
      readonly hash: string;
      readonly counts: string;
      readonly complete: boolean;
      readonly onlyNew: boolean;
      readonly deadlineMillis: number;
      readonly now: number;
    },
  ): Progress => {
    const { hash, counts, complete, onlyNew, deadlineMillis, now } = seen;
    const sameTemplate = hash === deployment.lastHash;
    const moved = !sameTemplate || counts !== deployment.lastCounts;
    deployment.lastHash = hash;
    deployment.lastCounts = counts;
    if (moved) deployment.progressedAt = now;
    // A rollout that has completed stays so, whatever becomes of its pods.
    const completed = sameTemplate && deployment.progress === "complete" && onlyNew;
    if (complete || completed) return "complete";
    if (moved) return "progressing";
    return now >= deployment.progressedAt + deadlineMillis ? "deadline exceeded" : "progressing";
  };

  const lookSoon = (ref: ObjectRef, after: number) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => lookAt(knownOf(ref), now + after));

  yield* cluster.react(({ type, before, after }) => {
    if (type.plural === Deployment.plural) {
      if (before?.metadata.generation === after?.metadata.generation) return undefined;
      return lookSoon(refOf(type, (after ?? before) as KubeObject), NOTICED_AFTER);
    }
    if (type.plural !== PodType.plural) return undefined;
    const moved = before !== undefined && after !== undefined && hashOf(before) !== hashOf(after);
    const deleted =
      before !== undefined &&
      before.metadata.deletionTimestamp === undefined &&
      (after === undefined || after.metadata.deletionTimestamp !== undefined);
    if (before === undefined || (!deleted && !moved)) return undefined;
    const owner = [...known.values()].find(({ pods }) =>
      pods.some(
        ({ object, ending }) => ending === undefined && object.metadata.uid === before.metadata.uid,
      ),
    );
    return owner === undefined ? undefined : lookSoon(owner.ref, 0);
  });

  const settleDaemonSet = yield* makeDaemonSets;

  const lookAtAll = Effect.suspend(() =>
    Effect.forEach([...known.values()], ({ ref }) => lookSoon(ref, 0), { discard: true }),
  );

  return FakeDeployments.of({
    settle: Effect.fnUntraced(function* (object) {
      if (object.kind === DaemonSet.kind) return yield* settleDaemonSet(object);
      const ref = refOf(Deployment, object);
      const deployment = knownOf(ref);
      const goal = goalOf(object);
      const set = yield* currentSet(object, goal.hash);
      const pods: Array<Pod> = [];
      for (let count = 0; count < goal.desired; count++) {
        const pod = settledPod(newPodObject(set, serial++));
        const stored = yield* cluster.seed(PodType, podObject(pod), "kubelet");
        pods.push({ ...pod, object: withoutStatus(stored) });
      }
      deployment.pods = pods;
      yield* countSets(deployment);
      yield* publish(deployment, goal.hash, 0);
    }),
    afflict: (affliction) =>
      Effect.suspend(() => {
        afflictions = [...afflictions, affliction];
        const cure = Effect.suspend(() => {
          afflictions = afflictions.filter((other) => other !== affliction);
          return lookAtAll;
        });
        return Effect.as(lookAtAll, cure);
      }),
  });
});

const nameOf = ({ object }: Pod): string => object.metadata.name;

/** Without those that were handed over: their labels match no ReplicaSet. */
const ownPods = ({ pods }: Known): ReadonlyArray<Pod> =>
  pods.filter((pod) => isActive(pod) && hashOf(pod.object) !== "");

const withoutStatus = ({ status: _, ...object }: KubeObject): KubeObject => object as KubeObject;
