/** What autoscalers tell of a pod that fits on no node. */
import { type KubeObject, stringAt } from "../../kube/objects.ts";

/** Of cluster-autoscaler (also as the clouds run it), and of Karpenter, which may mean a node that is there already. */
const COMING: ReadonlySet<string> = new Set(["TriggeredScaleUp", "Nominated"]);
const NOT_COMING: ReadonlySet<string> = new Set(["NotTriggerScaleUp", "FailedScaleUp"]);

/** The scheduler's events have the same reason. */
const isRefusalOfKarpenter = (event: KubeObject): boolean =>
  stringAt(event, "reason") === "FailedScheduling" &&
  (stringAt(event, "reportingComponent") ?? stringAt(event, "source", "component")) === "karpenter";

/**
 * Whether a node is on its way for the pod, as far as an autoscaler has said last.
 * @param events of the pod, newest first
 */
export const isNodeComing = (events: ReadonlyArray<KubeObject>): boolean => {
  for (const event of events) {
    const reason = stringAt(event, "reason") ?? "";
    if (COMING.has(reason)) return true;
    if (NOT_COMING.has(reason) || isRefusalOfKarpenter(event)) return false;
  }
  return false;
};

/** The scheduler says why before it says that preemption would not help either, which is no reason. */
export const schedulingReason = (message: string): string =>
  message
    .replace(/[,.;]?\s*(?:no new claims to deallocate,?\s*)?preemption: .*$/s, "")
    .replace(/\s+/g, " ")
    .replace(/\.\s*$/, "")
    .trim();
