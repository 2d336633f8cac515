import { assert, describe, it } from "@effect/vitest";
import { unservedObjects } from "../../../src/domain/checks/unserved.ts";
import type { KubeObject, ResourceType } from "../../../src/domain/kube/objects.ts";

const type = (group: string, version: string, kind: string): ResourceType => ({
  group,
  version,
  kind,
  plural: `${kind.toLowerCase()}s`,
  namespaced: true,
});
const object = (apiVersion: string, kind: string): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: "it" },
});
const SERVED = [
  type("policy", "v1", "PodDisruptionBudget"),
  type("apps", "v1", "Deployment"),
  type("networking.k8s.io", "v1", "Ingress"),
  type("flowcontrol.apiserver.k8s.io", "v1", "FlowSchema"),
  type("flowcontrol.apiserver.k8s.io", "v1beta3", "FlowSchema"),
];
const found = (...objects: ReadonlyArray<KubeObject>) =>
  unservedObjects(7, objects, SERVED).map(
    ({ apiVersion, kind, replacement }) => `${apiVersion} ${kind} -> ${replacement}`,
  );

describe("stored objects that are no longer served", () => {
  it("are none where everything is", () => {
    assert.deepStrictEqual(found(object("policy/v1", "PodDisruptionBudget")), []);
  });

  it.each([
    ["policy/v1beta1", "PodDisruptionBudget", "policy/v1"],
    ["extensions/v1beta1", "Ingress", "networking.k8s.io/v1"],
    ["flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", "flowcontrol.apiserver.k8s.io/v1"],
    ["policy/v1beta1", "PodSecurityPolicy", undefined],
  ])("%s %s: %s took its place", (apiVersion, kind, replacement) => {
    assert.deepStrictEqual(found(object(apiVersion, kind)), [
      `${apiVersion} ${kind} -> ${replacement}`,
    ]);
  });

  it("have no replacement where one version went to several places, or only in part", () => {
    assert.deepStrictEqual(
      found(object("extensions/v1beta1", "Ingress"), object("extensions/v1beta1", "Deployment")),
      ["extensions/v1beta1 Ingress -> undefined", "extensions/v1beta1 Deployment -> undefined"],
    );
  });
});
