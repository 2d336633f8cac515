/** Collects what is known of pods in trouble while they exist: a rollback takes them away. */
import { isDeepStrictEqual } from "node:util";
import { Clock, Duration, Effect } from "effect";
import {
  Event,
  fieldAt,
  type KubeObject,
  listAt,
  numberAt,
  stringAt,
} from "../../domain/kube/objects.ts";
import type { PodInTrouble, ToldOfPods } from "../../domain/rollout/progress.ts";
import { isNodeComing } from "../../domain/rollout/trouble/autoscaling.ts";
import type { ContainerLog, PodEvidence } from "../../domain/rollout/trouble/failure-report.ts";
import { failedCreation } from "../../domain/rollout/trouble/lacking-pods.ts";
import { NOTHING_TOLD, type ToldOfPod } from "../../domain/rollout/trouble/pod-trouble.ts";
import { rootCause } from "../../domain/rollout/verdict.ts";
import { Kubectl } from "../kube/Kubectl.ts";
import type { Changes } from "./watch/changes.ts";

/** Pods of one template fail alike; more of them would say the same. */
const PODS_AT_A_TIME = 5;
const PODS_REMEMBERED = 10;
const LOOK_AGAIN_AFTER = Duration.seconds(5);
const LOG_LINES = 20;
const EVENTS_KEPT = 15;

interface EvidenceCollector {
  /** Looks at pods that were not looked at lately. What cannot be read is left out. */
  readonly collect: (troubles: ReadonlyArray<PodInTrouble>) => Effect.Effect<void>;
  /** Asks what keeps workloads from having their pods. */
  readonly collectOf: (workloads: ReadonlyArray<KubeObject>) => Effect.Effect<void>;
  /** Newest last; pods that are gone included. */
  readonly evidence: Effect.Effect<ReadonlyArray<PodEvidence>>;
  /** What events tell of each pod, and of each workload that lacks some, by its UID. */
  readonly told: Effect.Effect<ToldOfPods>;
}

const byTimeDescending = (left: KubeObject, right: KubeObject): number =>
  timeOf(right).localeCompare(timeOf(left));

const timeOf = (event: KubeObject): string =>
  stringAt(event, "lastTimestamp") ?? stringAt(event, "eventTime") ?? "";

/** Every drain ends with it: the server that the hook asks does not wait as long as the drain lasts. */
const HARMLESS = "FailedPreStopHook";

const isTelling = (event: KubeObject): boolean =>
  stringAt(event, "type") === "Warning" && stringAt(event, "reason") !== HARMLESS;

const hasStarted = (status: unknown): boolean =>
  fieldAt(status, "state", "waiting") === undefined || (numberAt(status, "restartCount") ?? 0) > 0;

/** Which logs are worth reading: of containers that are not ready, and of their run before a restart. */
const logsWanted = (pod: KubeObject) =>
  [...listAt(pod, "status", "initContainerStatuses"), ...listAt(pod, "status", "containerStatuses")]
    .filter((status) => fieldAt(status, "ready") !== true && hasStarted(status))
    .map((status) => ({
      container: stringAt(status, "name") ?? "",
      previous: (numberAt(status, "restartCount") ?? 0) > 0,
    }));

export const makeEvidenceCollector = (
  changes: Changes,
): Effect.Effect<EvidenceCollector, never, Kubectl> =>
  Effect.gen(function* () {
    const kubectl = yield* Kubectl;
    const collected = new Map<string, PodEvidence>();
    const told = new Map<string, ToldOfPod>();

    const lookedAt = new Map<string, number>();

    const tell = (uid: string, now: ToldOfPod) => {
      if (!isDeepStrictEqual(told.get(uid) ?? NOTHING_TOLD, now)) changes.note();
      told.set(uid, now);
    };

    const readEvents = ({ metadata: { namespace, uid } }: KubeObject) =>
      kubectl
        .list({
          type: Event,
          ...(namespace === undefined ? {} : { namespace }),
          fieldSelector: `involvedObject.uid=${uid}`,
        })
        .pipe(
          Effect.orElseSucceed((): ReadonlyArray<KubeObject> => []),
          Effect.map((events) => [...events].sort(byTimeDescending)),
        );

    const readLogs = (pod: KubeObject) =>
      Effect.forEach(logsWanted(pod), ({ container, previous }) =>
        kubectl
          .podLog({
            namespace: pod.metadata.namespace ?? "",
            pod: pod.metadata.name,
            container,
            previous,
            tailLines: LOG_LINES,
          })
          .pipe(
            Effect.map((text): ReadonlyArray<ContainerLog> => [{ container, previous, text }]),
            Effect.orElseSucceed((): ReadonlyArray<ContainerLog> => []),
          ),
      ).pipe(Effect.map((logs) => logs.flat().filter(({ text }) => text.trim() !== "")));

    const look = Effect.fnUntraced(function* (one: PodInTrouble, pod: KubeObject) {
      const uid = pod.metadata.uid ?? pod.metadata.name;
      const [events, logs] = yield* Effect.all([readEvents(pod), readLogs(pod)], {
        concurrency: "unbounded",
      });
      const atMillis = yield* Clock.currentTimeMillis;
      const telling = events.filter(isTelling).slice(0, EVENTS_KEPT);
      const now: ToldOfPod = {
        messages: telling.flatMap((event) => stringAt(event, "message") ?? []),
        nodeComing: isNodeComing(events),
      };
      tell(uid, now);
      collected.delete(uid);
      const kept = events.slice(0, EVENTS_KEPT);
      collected.set(uid, { pod, cause: rootCause(one), events: kept, logs, atMillis });
      for (const oldest of collected.keys()) {
        if (collected.size <= PODS_REMEMBERED) break;
        collected.delete(oldest);
        told.delete(oldest);
      }
    });

    const lookAtWorkload = Effect.fnUntraced(function* (workload: KubeObject) {
      const { uid = workload.metadata.name } = workload.metadata;
      const now = yield* Clock.currentTimeMillis;
      if (now - (lookedAt.get(uid) ?? -Infinity) < Duration.toMillis(LOOK_AGAIN_AFTER)) return;
      lookedAt.set(uid, now);
      const said = failedCreation(yield* readEvents(workload));
      tell(uid, { ...NOTHING_TOLD, messages: said === undefined ? [] : [said] });
    });

    return {
      collectOf: (workloads) =>
        Effect.forEach(workloads.slice(0, PODS_AT_A_TIME), lookAtWorkload, {
          concurrency: "unbounded",
          discard: true,
        }),
      collect: Effect.fnUntraced(function* (troubles) {
        const now = yield* Clock.currentTimeMillis;
        const due = troubles.flatMap((one) => {
          const { pod } = one;
          if (pod === undefined) return [];
          const before = collected.get(pod.metadata.uid ?? pod.metadata.name);
          const isDue =
            before === undefined ||
            (before.pod !== pod && !isDeepStrictEqual(before.cause, rootCause(one))) ||
            now - before.atMillis >= Duration.toMillis(LOOK_AGAIN_AFTER);
          return isDue ? [{ one, pod }] : [];
        });
        yield* Effect.forEach(due.slice(0, PODS_AT_A_TIME), ({ one, pod }) => look(one, pod), {
          concurrency: "unbounded",
          discard: true,
        });
      }),
      evidence: Effect.sync(() => [...collected.values()]),
      told: Effect.sync((): ToldOfPods => told),
    };
  });
