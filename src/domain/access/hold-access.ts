import { AdmissionPolicy, AdmissionPolicyBinding, type HoldPlace } from "../hold/objects.ts";
import { ConfigMap, EnvoyProxy, Job, Pod, ReplicaSet } from "../kube/objects.ts";
import { type Access, accessTo } from "./access.ts";

/**
 * All that holding proxies takes. Without any of it they end with the drain that they were made with.
 * @param envoyProxies the namespaces of those that the longer drain is written to
 */
export const holdAccess = (
  { dataplaneNamespace }: HoldPlace,
  envoyProxies: ReadonlyArray<string>,
): ReadonlyArray<Access> => [
  ...[AdmissionPolicy, AdmissionPolicyBinding].flatMap((type) =>
    accessTo(type, ["create", "patch"]),
  ),
  ...accessTo(Job, ["list", "create", "patch", "delete"], dataplaneNamespace),
  ...accessTo(ConfigMap, ["create", "patch", "delete"], dataplaneNamespace),
  ...accessTo(Pod, ["list", "update", "delete"], dataplaneNamespace),
  ...accessTo(ReplicaSet, ["list"], dataplaneNamespace),
  ...envoyProxies.flatMap((namespace) => accessTo(EnvoyProxy, ["get", "update"], namespace)),
];
