/** Why pods could not be made at all: who refused them, as far as the API server's words tell. */
import { type KubeObject, listAt, stringAt } from "../../kube/objects.ts";
import type { Trouble, TroubleKind } from "./pod-trouble.ts";

const REFUSALS: ReadonlyArray<readonly [RegExp, TroubleKind]> = [
  [/exceeded quota/i, "quota-exceeded"],
  [/failed quota/i, "quota-unmet"],
  [/failed calling webhook|failed to call webhook/i, "webhook-silent"],
  [/admission webhook ".*" denied the request/is, "admission-refused"],
  [/ValidatingAdmissionPolicy '.*' .*denied request/is, "policy-refused"],
  [/violates PodSecurity/i, "pod-security"],
  [/security ?context ?constraint/i, "security-context"],
  [/(?:minimum|maximum) .+ usage per (?:Container|Pod)|limit to request ratio per/i, "limit-range"],
  [/serviceaccount .*not found/i, "missing-account"],
  [/no PriorityClass/i, "missing-priority-class"],
];

/** From the `ReplicaFailure` condition of whatever makes the pods. */
export const creationTrouble = (workload: KubeObject): Trouble | undefined => {
  const failure = listAt(workload, "status", "conditions").find(
    (one) => stringAt(one, "type") === "ReplicaFailure",
  );
  if (stringAt(failure, "status") !== "True") return undefined;
  const detail = stringAt(failure, "message") ?? "";
  return {
    kind: REFUSALS.find(([words]) => words.test(detail))?.[1] ?? "not-created",
    container: undefined,
    image: undefined,
    reason: stringAt(failure, "reason") ?? "FailedCreate",
    detail,
  };
};
