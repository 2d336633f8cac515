import { assert, describe, it } from "@effect/vitest";
import { isAdmissionRefusal } from "../../../src/domain/checks/admission-refusal.ts";

describe("a refusal with 403", () => {
  it.each([
    'admission webhook "policy.example" denied the request: no',
    "pods \"e\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'b' denied request: no",
    'serviceaccounts "x" is forbidden: exceeded quota: q, requested: count/serviceaccounts=1, used: count/serviceaccounts=1, limited: count/serviceaccounts=0',
    'pods "e" is forbidden: failed quota: compute: must specify limits.cpu',
    'pods "e" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot',
    'pods "e" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
    'pods "e" is forbidden: memory max limit to request ratio per Container is 2',
    'configmaps "x" is forbidden: unable to create new content in namespace qt because it is being terminated',
  ])("is the cluster's: %s", (message) => {
    assert.isTrue(isAdmissionRefusal(message));
  });

  it.each([
    'secrets is forbidden: User "u" cannot list resource "secrets" in API group "" in the namespace "default"',
    'users "a" is forbidden: User "u" cannot impersonate resource "users" in API group "" at the cluster scope',
    "HTTP 403",
  ])("is the account's: %s", (message) => {
    assert.isFalse(isAdmissionRefusal(message));
  });
});
