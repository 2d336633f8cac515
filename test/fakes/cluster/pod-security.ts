/** What Pod Security admission says to a level that is put on a namespace; of the levels it knows `baseline`. */
import { fieldAt, type KubeObject, listAt, stringAt } from "../../../src/domain/kube/objects.ts";

const violations = (pod: KubeObject): ReadonlyArray<string> => {
  const containers = ["initContainers", "containers"].flatMap((list) => listAt(pod, "spec", list));
  const usesHost = ["hostNetwork", "hostPID", "hostIPC"].some(
    (field) => fieldAt(pod, "spec", field) === true,
  );
  const isPrivileged = containers.some(
    (container) => fieldAt(container, "securityContext", "privileged") === true,
  );
  const hasHostPath = listAt(pod, "spec", "volumes").some(
    (volume) => fieldAt(volume, "hostPath") !== undefined,
  );
  return [
    ...(usesHost ? ["host namespaces"] : []),
    ...(hasHostPath ? ["hostPath volumes"] : []),
    ...(isPrivileged ? ["privileged"] : []),
  ];
};

export const levelWarnings = (
  { kind, metadata }: KubeObject,
  pods: ReadonlyArray<KubeObject>,
): ReadonlyArray<string> => {
  const level = stringAt({ metadata }, "metadata", "labels", "pod-security.kubernetes.io/enforce");
  if (kind !== "Namespace" || level !== "baseline") return [];
  const bad = pods.flatMap((pod) => {
    const found = violations(pod);
    return found.length === 0 ? [] : [`${pod.metadata.name}: ${found.join(", ")}`];
  });
  return bad.length === 0
    ? []
    : [
        `existing pods in namespace "${metadata.name}" violate the new PodSecurity enforce level "${level}:latest"`,
        ...bad,
      ];
};
