/** What stands in the way of a run, and what to do about it. */
import type { QuotaShortfall } from "../../domain/checks/object-room.ts";
import type { PodsOf } from "../../domain/checks/pod-rehearsal.ts";
import type { PreflightProblem, Refusal } from "../../domain/checks/problem.ts";
import { type Hint, hint, kubectl, shell } from "../../domain/hints/hint.ts";
import { showRef } from "../../domain/kube/objects.ts";
import { describePermission, rulesByRole } from "../access/permissions.ts";
import { unsupportedHelm } from "../helm/version.ts";
import { describeRecordSize } from "../release/record-size.ts";
import { describeDeletion } from "./deletion.ts";
import { describeSkipped } from "./envoy-gateway.ts";

/** E.g. `pods of Deployment envoy-gateway in namespace tars-system`. */
export const describePods = ({ kind, name, namespace }: PodsOf): string =>
  `pods of ${kind} ${name} in namespace ${namespace}`;

export const describeRefused = ({ ref, ...refusal }: Refusal): string =>
  `${showRef(ref)}: ${"deletion" in refusal ? describeDeletion(refusal.deletion) : refusal.detail}`;

const describeShortfall = ({
  quota,
  namespace,
  resource,
  hard,
  used,
  needed,
}: QuotaShortfall): string =>
  `quota ${quota} of namespace ${namespace} has ${used} of ${hard} ${resource} in use: the upgrade and its rollback need room for ${needed} more`;

/** A line for each of its parts. */
export const problemLines = (problem: PreflightProblem): ReadonlyArray<string> => {
  switch (problem._tag) {
    case "HelmUnusable":
      return [`Helm: ${problem.text}`];
    case "HelmUnsupported":
      return [`Helm: ${unsupportedHelm(problem.version)}`];
    case "ClusterUnreachable":
      return [`cluster: ${problem.detail}`];
    case "HomeUnusable":
      return [problem.detail];
    case "NamespaceGoing":
      return [`namespace ${problem.namespace} ${describeDeletion(problem.deletion)}`];
    case "ObjectGoing":
      return [describeRefused(problem)];
    case "QuotaTooSmall":
      return [describeShortfall(problem.shortfall)];
    case "ObjectRefused":
      return [`refused by the cluster: ${describeRefused(problem)}`];
    case "PodsRefused":
      return [`refused by the cluster: ${describePods(problem.pods)}: ${problem.detail}`];
    case "PermissionsMissing":
      return problem.rights.map((right) => `missing permission: ${describePermission(right)}`);
    case "EnvoyGatewayToSkip":
      return [describeSkipped(problem.version)];
    case "RecordTooLarge":
      return [`size: ${describeRecordSize(problem.bytes)}`];
  }
};

/** Raises a quota by what is missing. */
const quotaRemedy = ({ quota, namespace, resource, used, needed }: QuotaShortfall): Hint => {
  const patch = JSON.stringify({ spec: { hard: { [resource]: String(used + needed) } } });
  return hint(
    "Make room in the namespace, or in the quota:",
    kubectl("patch", "resourcequota", quota, "-n", namespace, "--type=merge", "-p", patch),
  );
};

const deletionRemedy = (kind: string, name: string, namespace: string | undefined): Hint => {
  const where = namespace === undefined ? [] : ["-n", namespace];
  return hint(
    "See what holds it, and wait for its end:",
    kubectl("get", kind, name, ...where, "-o", "yaml"),
  );
};

export const problemRemedies = (problem: PreflightProblem): ReadonlyArray<Hint> => {
  switch (problem._tag) {
    case "HelmUnusable":
      return problem.remedy === undefined ? [] : [problem.remedy];
    case "NamespaceGoing":
      return [deletionRemedy("namespace", problem.namespace, undefined)];
    case "ObjectGoing": {
      const { type, name, namespace } = problem.ref;
      return [deletionRemedy(type.plural, name, namespace)];
    }
    case "QuotaTooSmall":
      return [quotaRemedy(problem.shortfall)];
    case "PermissionsMissing":
      return rulesByRole(problem.rights).map(({ role, rules }) =>
        hint(`Rules to add to ${role}:`, ...rules.map((rule) => shell(rule))),
      );
    case "HelmUnsupported":
    case "ClusterUnreachable":
    case "HomeUnusable":
    case "ObjectRefused":
    case "PodsRefused":
    case "EnvoyGatewayToSkip":
    case "RecordTooLarge":
      return [];
  }
};
