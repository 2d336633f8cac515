/** Why pods could not be made at all: who refused them, as far as the API server's words tell. */
import { type KubeObject, listAt, stringAt } from "../../kube/objects.ts";
import type { ToldOfPod, Trouble, TroubleKind } from "./pod-trouble.ts";

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

const refusal = (reason: string, detail: string): Trouble => ({
  kind: REFUSALS.find(([words]) => words.test(detail))?.[1] ?? "not-created",
  container: undefined,
  image: undefined,
  reason,
  detail,
});

/** From the `ReplicaFailure` condition of whatever makes the pods; where there is none, from what events tell. */
export const creationTrouble = (workload: KubeObject, told?: ToldOfPod): Trouble | undefined => {
  const failure = listAt(workload, "status", "conditions").find(
    (one) => stringAt(one, "type") === "ReplicaFailure",
  );
  if (stringAt(failure, "status") === "True") {
    return refusal(
      stringAt(failure, "reason") ?? "FailedCreate",
      stringAt(failure, "message") ?? "",
    );
  }
  const said = told?.messages[0];
  return said === undefined ? undefined : refusal("FailedCreate", said);
};
