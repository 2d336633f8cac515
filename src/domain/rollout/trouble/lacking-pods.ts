/** Workloads that have too few pods and whose controllers tell nowhere but in events why: Jobs, StatefulSets and DaemonSets. */
import {
  DaemonSet,
  Job,
  type KubeObject,
  numberAt,
  StatefulSet,
  stringAt,
} from "../../kube/objects.ts";
import { conditionsOf, podsOf, type RolloutView, type Workload } from "../view.ts";

const COMPLETION = new Set(["Complete", "SuccessCriteriaMet", "Failed", "FailureTarget"]);

/** Of a Job. */
export const hasEnded = (job: KubeObject): boolean =>
  conditionsOf(job).some(
    (condition) =>
      COMPLETION.has(stringAt(condition, "type") ?? "") && stringAt(condition, "status") === "True",
  );

const wantedPods = (object: KubeObject): number => {
  switch (object.kind) {
    case Job.kind:
      // Those that have ended stay, or the Job has ended with them.
      return hasEnded(object) ? 0 : 1;
    case StatefulSet.kind:
      return numberAt(object, "spec", "replicas") ?? 1;
    case DaemonSet.kind:
      return numberAt(object, "status", "desiredNumberScheduled") ?? 0;
    default:
      return 0;
  }
};

export const lacksPods = (workload: Workload, view: Pick<RolloutView, "pods" | "replicaSets">) =>
  podsOf(workload, view).length < wantedPods(workload.object);

const FAILED = "FailedCreate";
const CREATED = "SuccessfulCreate";

/**
 * What its controller said last of making pods, if that has failed.
 * @param events of the workload, newest first
 */
export const failedCreation = (events: ReadonlyArray<KubeObject>): string | undefined => {
  const last = events.find((event) => [FAILED, CREATED].includes(stringAt(event, "reason") ?? ""));
  return stringAt(last, "reason") === FAILED ? stringAt(last, "message") : undefined;
};
