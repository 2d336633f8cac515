/** The Job controller as far as a Job without pods needs it: it ends at its deadline, and what it owns goes with it. */
import { Clock, Effect } from "effect";
import {
  ConfigMap,
  Job,
  type KubeObject,
  numberAt,
  Pod,
  refOf,
} from "../../../src/domain/kube/objects.ts";
import { FakeCluster } from "../cluster/FakeCluster.ts";

const ownedBy =
  ({ metadata: { uid } }: KubeObject) =>
  ({ metadata }: KubeObject): boolean =>
    uid !== undefined && (metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false);

export const timerJobs = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const startedAt = new Map<string, number>();

  /** What the garbage collector does once the owner is gone. */
  const collect = Effect.fnUntraced(function* (owner: KubeObject) {
    const { namespace } = owner.metadata;
    const configMaps = (yield* cluster.all(ConfigMap, namespace)).filter(ownedBy(owner));
    for (const configMap of configMaps) yield* cluster.purge(refOf(ConfigMap, configMap));
    const pods = (yield* cluster.all(Pod, namespace)).filter(ownedBy(owner));
    for (const pod of pods) yield* cluster.remove(refOf(Pod, pod));
  });

  const endWhenDue = Effect.fnUntraced(function* (job: KubeObject) {
    const seconds = numberAt(job, "spec", "activeDeadlineSeconds");
    const uid = job.metadata.uid ?? "";
    if (seconds === undefined) return;
    const now = yield* Clock.currentTimeMillis;
    const started = startedAt.get(uid) ?? now;
    startedAt.set(uid, started);
    yield* Effect.sleep(Math.max(0, started + seconds * 1000 - now));
    const live = yield* cluster.peek(refOf(Job, job));
    if (live?.metadata.uid !== uid) return;
    if (numberAt(live, "spec", "activeDeadlineSeconds") === seconds)
      yield* cluster.purge(refOf(Job, job));
  });

  yield* cluster.react(({ type, before, after }) => {
    if (type.plural === Job.plural) {
      if (after === undefined) return before === undefined ? undefined : collect(before);
      return before?.metadata.generation === after.metadata.generation
        ? undefined
        : endWhenDue(after);
    }
    return type.plural === ConfigMap.plural && after === undefined && before !== undefined
      ? collect(before)
      : undefined;
  });
});
