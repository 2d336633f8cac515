import { assert, describe, it } from "@effect/vitest";
import {
  ApiService,
  apiVersionOf,
  ConfigMap,
  CustomResourceDefinition,
  conditionOf,
  Deployment,
  EnvoyProxy,
  fieldAt,
  Gateway,
  type KubeObject,
  Lease,
  listAt,
  numberAt,
  type ResourceType,
  refOf,
  Secret,
  showRef,
  stringAt,
} from "../../../src/domain/kube/objects.ts";

describe("a resource type", () => {
  it.each<[ResourceType, string, string, string, boolean]>([
    [ConfigMap, "", "v1", "configmaps", true],
    [Secret, "", "v1", "secrets", true],
    [Deployment, "apps", "v1", "deployments", true],
    [Lease, "coordination.k8s.io", "v1", "leases", true],
    [EnvoyProxy, "gateway.envoyproxy.io", "v1alpha1", "envoyproxies", true],
    [Gateway, "gateway.networking.k8s.io", "v1", "gateways", true],
    [ApiService, "apiregistration.k8s.io", "v1", "apiservices", false],
    [CustomResourceDefinition, "apiextensions.k8s.io", "v1", "customresourcedefinitions", false],
  ])("$kind is where the API server has it", (type, group, version, plural, namespaced) => {
    assert.deepInclude(type, { group, version, plural, namespaced });
    assert.strictEqual(apiVersionOf(type), group === "" ? version : `${group}/${version}`);
  });
});

describe("a reference to an object", () => {
  const object: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "x", namespace: "n" },
  };

  it("has the namespace of a namespaced object", () => {
    assert.deepStrictEqual(refOf(ConfigMap, object), {
      type: ConfigMap,
      name: "x",
      namespace: "n",
    });
    assert.strictEqual(showRef(refOf(ConfigMap, object)), "ConfigMap n/x");
  });

  it("has none for a cluster-wide type, whatever the object says", () => {
    assert.deepStrictEqual(refOf(ApiService, object), { type: ApiService, name: "x" });
    assert.strictEqual(showRef(refOf(ApiService, object)), "APIService x");
  });
});

describe("a field of somebody else's object", () => {
  const object = { a: { b: [{ c: 1, d: "x" }], e: null }, n: 0, s: "", l: [1, 2] };

  it.each<[ReadonlyArray<string | number>, unknown]>([
    [["a", "b", 0, "c"], 1],
    [["a", "e"], null],
    [["a", "e", "f"], undefined],
    [["a", "b", 7, "c"], undefined],
    [["s", "length"], undefined],
    [["missing", "x"], undefined],
    [[], object],
  ])("at %j", (path, value) => {
    assert.deepStrictEqual(fieldAt(object, ...path), value);
  });

  it("is a number, a text or a list only when it is one", () => {
    assert.strictEqual(numberAt(object, "n"), 0);
    assert.strictEqual(stringAt(object, "s"), "");
    assert.deepStrictEqual(listAt(object, "l"), [1, 2]);
    assert.isUndefined(numberAt(object, "s"));
    assert.isUndefined(stringAt(object, "n"));
    assert.deepStrictEqual(listAt(object, "a"), []);
    assert.deepStrictEqual(listAt(undefined, "a"), []);
  });
});

describe("a condition", () => {
  const object = {
    status: {
      conditions: [
        { type: "Ready", status: "False", reason: "NotYet", message: "wait" },
        { type: "Bare" },
        "garbage",
      ],
    },
  };

  it("is found by its type", () => {
    assert.deepStrictEqual(conditionOf(object, "Ready"), {
      type: "Ready",
      status: "False",
      reason: "NotYet",
      message: "wait",
    });
  });

  it("that says little is unknown", () => {
    assert.deepStrictEqual(conditionOf(object, "Bare"), {
      type: "Bare",
      status: "Unknown",
      reason: "",
      message: "",
    });
  });

  it("may be missing", () => {
    assert.isUndefined(conditionOf(object, "Available"));
    assert.isUndefined(conditionOf({}, "Ready"));
  });
});
