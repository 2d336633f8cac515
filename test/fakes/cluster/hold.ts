/** What a ValidatingAdmissionPolicy that depends on a Job makes of the deletion of a pod. */
import { HELD_LABEL } from "../../../src/domain/hold/names.ts";
import { AdmissionPolicy, AdmissionPolicyBinding } from "../../../src/domain/hold/objects.ts";
import { Job, type ObjectRef, stringAt } from "../../../src/domain/kube/objects.ts";
import { listed, lookUp, type Store } from "./store.ts";

/** Whether the ReplicaSet controller, or a dry run, is refused the deletion. */
export const isHeld = (store: Store, ref: ObjectRef): boolean => {
  const pod = lookUp(store, ref)?.object;
  if (pod?.metadata.labels?.[HELD_LABEL] === undefined) return false;
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return listed(store, AdmissionPolicyBinding, undefined).some((binding) => {
    const policy = stringAt(binding, "spec", "policyName") ?? "";
    const name = stringAt(binding, "spec", "paramRef", "name") ?? "";
    const namespace = stringAt(binding, "spec", "paramRef", "namespace") ?? "";
    return (
      lookUp(store, { type: AdmissionPolicy, name: policy }) !== undefined &&
      lookUp(store, { type: Job, name, namespace }) !== undefined
    );
  });
};
