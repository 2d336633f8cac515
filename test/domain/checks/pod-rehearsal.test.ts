import { assert, describe, it } from "@effect/vitest";
import {
  judgesByUser,
  podVerdict,
  rehearsedPod,
  withProxyResources,
} from "../../../src/domain/checks/pod-rehearsal.ts";
import { fieldAt, type KubeObject, listAt } from "../../../src/domain/kube/objects.ts";

const template = {
  metadata: { labels: { app: "it" } },
  spec: { containers: [{ name: "envoy" }, { name: "other" }] },
};
const workload = (kind: string, spec: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name: "a".repeat(60), namespace: "ns" },
  spec,
});

describe("a pod of a template", () => {
  it("has a controller, a name that fits, and what the template says", () => {
    const pod = rehearsedPod({ workload: workload("Deployment"), namespace: "ns", template });
    assert.strictEqual(pod.metadata.ownerReferences?.[0]?.kind, "ReplicaSet");
    assert.isAtMost(pod.metadata.name.length, 63);
    assert.deepStrictEqual(pod.metadata.labels, { app: "it" });
    assert.strictEqual(listAt(pod, "spec", "containers").length, 2);
  });

  it("has a volume for each claim", () => {
    const claims = { volumeClaimTemplates: [{ metadata: { name: "data" } }] };
    const pod = rehearsedPod({
      workload: workload("StatefulSet", claims),
      namespace: "ns",
      template,
    });
    assert.deepStrictEqual(listAt(pod, "spec", "volumes"), [{ name: "data", emptyDir: {} }]);
  });

  it("asks for what its EnvoyProxy asks for", () => {
    const resources = { limits: { memory: "1Gi" } };
    const envoyDeployment = { container: { resources } };
    const proxy: KubeObject = {
      ...workload("EnvoyProxy"),
      spec: { provider: { kubernetes: { envoyDeployment } } },
    };
    const changed = withProxyResources(template, proxy);
    assert.deepStrictEqual(fieldAt(changed, "spec", "containers", 0, "resources"), resources);
    assert.isUndefined(fieldAt(changed, "spec", "containers", 1, "resources"));
    assert.strictEqual(withProxyResources(template, undefined), template);
  });
});

describe("what the server says to it", () => {
  it.each([
    ['pods "x" is forbidden: violates PodSecurity "restricted:latest": …', "Refused"],
    ["maximum memory usage per Container is 1Gi, but limit is 2Gi", "Refused"],
    ["minimum cpu usage per Pod is 1, but request is 100m", "Refused"],
    ["failed quota: tenant: must specify limits.cpu for: envoy", "Refused"],
    ['Internal error occurred: failed calling webhook "a.b": …', "Refused"],
    [
      'Pod "x" is invalid: spec.containers[1].resources.requests: Invalid value: "128Mi": must be less than or equal to memory limit of 1Mi',
      "Refused",
    ],
    ["exceeded quota: tenant, requested: pods=1, used: pods=9, limited: pods=9", "NoRoom"],
    ['admission webhook "a.b" denied the request: no', "Policy"],
    ["ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", "Policy"],
    ['error looking up service account ns/x: serviceaccount "x" not found', "Fine"],
  ])("%s: %s", (detail, verdict) => {
    assert.strictEqual(podVerdict(detail)._tag, verdict);
  });

  it("may depend on who makes the pod", () => {
    const policy = (expression: string) => ({
      ...workload("ValidatingAdmissionPolicy"),
      spec: { validations: [{ expression }] },
    });
    assert.isTrue(judgesByUser(policy("request.userInfo.username.startsWith('system:')")));
    assert.isFalse(judgesByUser(policy("'team' in object.metadata.labels")));
  });
});
