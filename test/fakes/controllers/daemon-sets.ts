/** Runs the DaemonSets of the fake cluster: their controller and the kubelets of three nodes in one. */
import { Clock, Effect } from "effect";
import {
  DaemonSet,
  fieldAt,
  type KubeObject,
  type ObjectRef,
  Pod as PodType,
  refOf,
} from "../../../src/domain/kube/objects.ts";
import { FakeCluster } from "../cluster/FakeCluster.ts";
import { keyOf } from "../cluster/store.ts";
import { behaviourOf } from "../pods/behaviour.ts";
import { advanced } from "../pods/container.ts";
import { FakeStreams } from "../pods/FakeStreams.ts";
import { templateHash } from "../pods/names.ts";
import { ended, isActive, isReady, newPod, type Pod, settledPod } from "../pods/pod.ts";
import { podObject } from "../pods/pod-status.ts";
import { ownedBy } from "./deployment-objects.ts";

const NODES = ["node-a", "node-b", "node-c"];
const LOOKS_EVERY = 1_000;
/** The API server counts the templates of a DaemonSet here, and its controller repeats the number on the pods. */
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";
const POD_GENERATION = "pod-template-generation";
const HASH = "controller-revision-hash";

const hashOf = (object: KubeObject): string =>
  templateHash((fieldAt(object, "spec", "template") ?? {}) as object);

const podFor = (set: KubeObject, node: string, serial: number): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `${set.metadata.name}-${node}-${serial}`,
    namespace: set.metadata.namespace ?? "",
    labels: {
      ...(fieldAt(set, "spec", "template", "metadata", "labels") as Record<string, string>),
      [HASH]: hashOf(set),
      [POD_GENERATION]: set.metadata.annotations?.[TEMPLATE_GENERATION] ?? "",
    },
    ownerReferences: ownedBy(DaemonSet, set),
  },
  spec: { ...(fieldAt(set, "spec", "template", "spec") as object), nodeName: node },
});

const nodeOf = ({ object }: Pod): unknown => fieldAt(object, "spec", "nodeName");

const isCurrent = (set: KubeObject, { object }: Pod): boolean =>
  object.metadata.labels?.[HASH] === hashOf(set);

const statusOf = (set: KubeObject, pods: ReadonlyArray<Pod>): object => {
  const active = pods.filter(isActive);
  const ready = active.filter(isReady).length;
  return {
    observedGeneration: set.metadata.generation ?? 0,
    desiredNumberScheduled: NODES.length,
    currentNumberScheduled: active.length,
    updatedNumberScheduled: active.filter((pod) => isCurrent(set, pod)).length,
    numberMisscheduled: 0,
    numberReady: ready,
    numberAvailable: ready,
    numberUnavailable: NODES.length - ready,
  };
};

/** Follows every DaemonSet; one that is new has its pods soon, and a new template replaces one pod after the other. */
export const makeDaemonSets = Effect.gen(function* () {
  const [cluster, streams] = [yield* FakeCluster, yield* FakeStreams];
  const known = new Map<string, ReadonlyArray<Pod>>();
  const busy = new Set<string>();
  let serial = 0;

  const counted = Effect.fnUntraced(function* (set: KubeObject) {
    const before = Number(set.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
    const hash = hashOf(set);
    if (before > 0 && set.metadata.annotations?.["fake/hash"] === hash) return set;
    const annotations = {
      ...set.metadata.annotations,
      [TEMPLATE_GENERATION]: String(before + 1),
      "fake/hash": hash,
    };
    return yield* cluster.put(DaemonSet, { ...set, metadata: { ...set.metadata, annotations } });
  });

  const live = Effect.fnUntraced(function* (pod: Pod, now: number) {
    const ref = refOf(PodType, pod.object);
    if (pod.ending !== undefined) {
      if (pod.ending.goneAt > now) return [pod];
      streams.ended(ref.name, { ...pod.ending, goneAt: now });
      yield* cluster.purge(ref);
      return [];
    }
    const containers = pod.containers.map((container) =>
      advanced(container, behaviourOf(container.image, now - pod.createdAt), now),
    );
    const ready = containers.every(({ state }) => state === "ready");
    const next: Pod = { ...pod, containers, readyAt: ready ? (pod.readyAt ?? now) : undefined };
    if (containers.some((one, index) => one !== pod.containers[index])) {
      yield* cluster.put(PodType, podObject(next));
    }
    return [next];
  });

  const end = Effect.fnUntraced(function* (pod: Pod, now: number) {
    yield* cluster.remove(refOf(PodType, pod.object));
    return ended(pod, streams.endOf(pod.object.metadata.name), now);
  });

  const replaced = Effect.fnUntraced(function* (
    set: KubeObject,
    pods: ReadonlyArray<Pod>,
    now: number,
  ) {
    const free = NODES.filter((node) => !pods.some((pod) => nodeOf(pod) === node));
    const made: Array<Pod> = [];
    for (const node of free) {
      const pod = newPod(podFor(set, node, serial++), now);
      const stored = yield* cluster.put(PodType, podObject(pod));
      const { status: _, ...object } = stored;
      made.push({ ...pod, object: object as KubeObject });
    }
    const all = [...pods, ...made];
    // An unready one is replaced at once, and else one at a time.
    const old = all.filter((pod) => isActive(pod) && !isCurrent(set, pod));
    const [next] = [...old].sort((left, right) => Number(isReady(left)) - Number(isReady(right)));
    const allUp = all.length === NODES.length && all.every((pod) => isActive(pod) && isReady(pod));
    if (next === undefined || (isReady(next) && !allUp)) return all;
    const ending = yield* end(next, now);
    return all.map((pod) => (pod === next ? ending : pod));
  });

  const look = Effect.fnUntraced(function* (ref: ObjectRef) {
    const now = yield* Clock.currentTimeMillis;
    const key = keyOf(ref);
    const found = yield* cluster.peek(ref);
    const lived = yield* Effect.forEach(known.get(key) ?? [], (pod) => live(pod, now));
    const pods = lived.flat();
    if (found === undefined) {
      const leaving = yield* Effect.forEach(pods, (pod) =>
        isActive(pod) ? end(pod, now) : Effect.succeed(pod),
      );
      known.set(key, leaving);
      return leaving.length > 0;
    }
    const set = yield* counted(found);
    const next = yield* replaced(set, pods, now);
    known.set(key, next);
    yield* cluster.setStatus(ref, statusOf(set, next));
    return next.some((pod) => !isActive(pod) || !isReady(pod) || !isCurrent(set, pod));
  });

  const follow = Effect.fnUntraced(function* (ref: ObjectRef) {
    const key = keyOf(ref);
    if (busy.has(key)) return;
    busy.add(key);
    yield* Effect.sleep(LOOKS_EVERY);
    while (yield* look(ref)) yield* Effect.sleep(LOOKS_EVERY);
    busy.delete(key);
  });

  yield* cluster.react(({ type, before, after }) =>
    type.plural !== DaemonSet.plural || before?.metadata.generation === after?.metadata.generation
      ? undefined
      : follow(refOf(type, (after ?? before) as KubeObject)),
  );

  /** Gives a seeded DaemonSet all its pods, ready. */
  return Effect.fnUntraced(function* (object: KubeObject) {
    const set = yield* counted(object);
    const pods: Array<Pod> = [];
    for (const node of NODES) {
      const pod = settledPod(podFor(set, node, serial++));
      const { status: _, ...stored } = yield* cluster.seed(PodType, podObject(pod), "kubelet");
      pods.push({ ...pod, object: stored as KubeObject });
    }
    known.set(keyOf(refOf(DaemonSet, set)), pods);
    yield* cluster.setStatus(refOf(DaemonSet, set), statusOf(set, pods));
  });
});
