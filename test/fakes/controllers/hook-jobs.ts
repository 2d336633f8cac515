/** The Job controller and the kubelet, as far as the Jobs of hooks need them: one pod each, which does what its image says. */
import { Clock, Effect } from "effect";
import {
  Event,
  fieldAt,
  Job,
  type KubeObject,
  Pod,
  refOf,
} from "../../../src/domain/kube/objects.ts";
import { FakeCluster } from "../cluster/FakeCluster.ts";
import { behaviourOf } from "../pods/behaviour.ts";
import { advanced } from "../pods/container.ts";
import { podSuffix } from "../pods/names.ts";
import { type Pod as FakePod, newPod, nextChangeOf } from "../pods/pod.ts";
import { podObject } from "../pods/pod-status.ts";
import { ownedBy } from "./deployment-objects.ts";

const TRIED_AGAIN_AFTER = "1 second";
const NOTICED_AFTER = "200 millis";
const BY_JOB = "batch.kubernetes.io/controller-uid";

const isHook = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.["helm.sh/hook"] !== undefined;

const podOf = (job: KubeObject, number: number): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `${job.metadata.name}-${podSuffix(number)}`,
    namespace: job.metadata.namespace ?? "",
    labels: { [BY_JOB]: job.metadata.uid ?? "" },
    ownerReferences: ownedBy(Job, job),
  },
  spec: fieldAt(job, "spec", "template", "spec") as object,
});

/** As the Job controller tells it; it is no part of the Job's status. */
const failedCreate = (job: KubeObject, refusal: string, now: number): KubeObject => {
  const { name, namespace = "", uid = "" } = job.metadata;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name}.no-room`, namespace },
    involvedObject: { apiVersion: "batch/v1", kind: Job.kind, name, namespace, uid },
    type: "Warning",
    reason: "FailedCreate",
    message: `Error creating: ${refusal}`,
    lastTimestamp: new Date(now).toISOString(),
    count: 1,
  };
};

/** A program that has come up is taken to have done what it was for. */
const finished = (pod: KubeObject): KubeObject => ({
  ...pod,
  status: { ...(fieldAt(pod, "status") as object), phase: "Succeeded", conditions: [] },
});

const complete = (job: KubeObject): KubeObject => ({
  ...job,
  status: { succeeded: 1, conditions: [{ type: "Complete", status: "True" }] },
});

export const hookJobs = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  let pods = 0;

  const isStill = (job: KubeObject) =>
    Effect.map(
      cluster.peek(refOf(Job, job)),
      (live) =>
        live?.metadata.uid === job.metadata.uid && live?.metadata.deletionTimestamp === undefined,
    );

  /** Tells why its pod cannot be made, and tries again; whether it could while the Job was still there. */
  const awaitRoom = Effect.fnUntraced(function* (job: KubeObject, pod: KubeObject) {
    while (yield* isStill(job)) {
      const refusal = yield* cluster.refusal(Pod, pod);
      if (refusal === undefined) return true;
      const now = yield* Clock.currentTimeMillis;
      yield* cluster.put(Event, failedCreate(job, refusal, now));
      yield* Effect.sleep(TRIED_AGAIN_AFTER);
    }
    return false;
  });

  const run = Effect.fnUntraced(function* (made: KubeObject) {
    yield* Effect.sleep(NOTICED_AFTER);
    const job = yield* cluster.put(Job, {
      ...made,
      spec: {
        ...(fieldAt(made, "spec") as object),
        selector: { matchLabels: { [BY_JOB]: made.metadata.uid ?? "" } },
      },
    });
    pods += 1;
    const wanted = podOf(job, pods);
    if (!(yield* awaitRoom(job, wanted))) return;
    const now = yield* Clock.currentTimeMillis;
    let pod: FakePod = newPod(yield* cluster.put(Pod, wanted), now);
    while (yield* isStill(job)) {
      const now = yield* Clock.currentTimeMillis;
      const containers = pod.containers.map((container) =>
        advanced(container, behaviourOf(container.image, now - pod.createdAt), now),
      );
      pod = { ...pod, containers };
      if (containers.every(({ state }) => state === "ready")) {
        yield* cluster.put(Pod, finished(podObject(pod)));
        yield* cluster.put(Job, complete(job));
        return;
      }
      yield* cluster.put(Pod, podObject(pod));
      const next = nextChangeOf(pod);
      if (next === Number.POSITIVE_INFINITY) return;
      yield* Effect.sleep(Math.max(0, next - now));
    }
  });

  const collect = Effect.fnUntraced(function* (job: KubeObject) {
    for (const pod of yield* cluster.all(Pod, job.metadata.namespace)) {
      const { ownerReferences } = pod.metadata;
      if (ownerReferences?.some(({ uid }) => uid === job.metadata.uid) === true)
        yield* cluster.purge(refOf(Pod, pod));
    }
  });

  yield* cluster.react(({ type, before, after }) => {
    if (type.plural !== Job.plural) return undefined;
    if (after === undefined)
      return before !== undefined && isHook(before) ? collect(before) : undefined;
    return before === undefined && isHook(after) ? run(after) : undefined;
  });
});
