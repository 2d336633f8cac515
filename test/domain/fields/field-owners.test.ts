import { assert, describe, it } from "@effect/vitest";
import {
  isBuiltIn,
  isController,
  parseConflicts,
  valueAtPath,
} from "../../../src/domain/fields/field-owners.ts";
import type { Json } from "../../../src/domain/kube/json.ts";
import { Deployment, EnvoyProxy, Gateway, Secret } from "../../../src/domain/kube/objects.ts";

describe("conflicts, as a 1.36 server words them", () => {
  it.each([
    [
      "one of an Apply",
      'Apply failed with 1 conflict: conflict with "painter": .data.colour',
      [["painter", ".data.colour"]],
    ],
    [
      "one of an Update through a subresource",
      'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
      [["kubectl", ".spec.replicas"]],
    ],
    [
      "one with a time",
      'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1 at 2026-11-27T20:10:00Z: .data.a',
      [["kubectl-edit", ".data.a"]],
    ],
    [
      "several of several managers",
      'Apply failed with 3 conflicts: conflicts with "kubectl-edit" using gateway.envoyproxy.io/v1alpha1:\n- .spec.shutdown.drainTimeout\n- .spec.provider.kubernetes.envoyHpa.minReplicas\nconflicts with "me (Mac: 1)":\n- .metadata.labels.app.kubernetes.io/part-of',
      [
        ["kubectl-edit", ".spec.shutdown.drainTimeout"],
        ["kubectl-edit", ".spec.provider.kubernetes.envoyHpa.minReplicas"],
        ["me (Mac: 1)", ".metadata.labels.app.kubernetes.io/part-of"],
      ],
    ],
    ["another 409", 'configmaps "a" already exists', []],
  ])("%s", (_, text, expected) => {
    assert.deepStrictEqual(
      parseConflicts(text).map(({ owner, path }) => [owner, path]),
      expected as Array<Array<string>>,
    );
  });
});

describe("a field as the server names it", () => {
  const object: Json = {
    data: { "proxy-url": "a", "a.b": { c: 1 }, a: { b: { c: 2 } } },
    metadata: { annotations: { "service.beta.kubernetes.io/type": "nlb" }, finalizers: ["x/y"] },
    spec: {
      containers: [
        { name: "envoy", ports: [{ containerPort: 80, protocol: "TCP", name: "http" }] },
        { name: "we[i]rd", image: "b" },
      ],
      rules: [{ verbs: ["get"] }],
    },
  };

  it.each([
    [".data.proxy-url", "a"],
    [".data.a.b.c", 1],
    [".metadata.annotations.service.beta.kubernetes.io/type", "nlb"],
    ['.metadata.finalizers[="x/y"]', "x/y"],
    ['.spec.containers[name="envoy"].ports[containerPort=80,protocol="TCP"].name', "http"],
    ['.spec.containers[name="we[i]rd"].image', "b"],
    [".spec.rules[0].verbs", ["get"]],
    [".spec.rules[1].verbs", undefined],
    ['.spec.containers[name="other"].image', undefined],
    [".spec.nothing.here", undefined],
    [".spec.rules[0].verbs.length", undefined],
  ] as const)("%s", (path, expected) => {
    assert.deepStrictEqual(valueAtPath(object, path), expected as Json | undefined);
  });
});

it("what a controller set is told from what people set", () => {
  const set = ["kube-controller-manager", "cert-manager-cainjector", "keda-operator"];
  const people = ["kubectl", "kubectl-edit", "kubectl-client-side-apply", "k9s", "Mozilla"];
  assert.deepStrictEqual([...set, ...people].filter(isController), set);
});

it("what Kubernetes itself serves is told from custom resources", () => {
  const types = [Deployment, Secret, EnvoyProxy, Gateway];
  assert.deepStrictEqual(types.filter(isBuiltIn), [Deployment, Secret]);
});
