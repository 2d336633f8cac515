import { type Access, accessTo } from "../access.ts";
import { ConfigMap, Job, Pod, ReplicaSet } from "../kube.ts";
import { AdmissionPolicy, AdmissionPolicyBinding, type HoldPlace } from "./objects.ts";

/** All that holding proxies takes. Without any of it they end with the drain that they were made with. */
export const holdAccess = ({ dataplaneNamespace }: HoldPlace): ReadonlyArray<Access> => [
  ...[AdmissionPolicy, AdmissionPolicyBinding].flatMap((type) =>
    accessTo(type, ["create", "patch"]),
  ),
  ...accessTo(Job, ["list", "create", "patch", "delete"], dataplaneNamespace),
  ...accessTo(ConfigMap, ["create", "patch", "delete"], dataplaneNamespace),
  ...accessTo(Pod, ["list", "update", "delete"], dataplaneNamespace),
  ...accessTo(ReplicaSet, ["list"], dataplaneNamespace),
];
