import { assert, describe, it } from "@effect/vitest";
import { Schema } from "effect";
import {
  ConfigMap,
  Deployment,
  Gateway,
  type KubeObject,
  type OwnerReference,
  Pod,
  type ResourceType,
  Secret,
} from "../../../src/domain/kube/objects.ts";
import type { Found } from "../../../src/domain/uninstall/found.ts";
import { contentsOf } from "../../../src/domain/uninstall/ownership.ts";

const PLACE = { release: { name: "tars", namespace: "sys" }, dataplaneNamespace: "dp" };
const HELMS = { "meta.helm.sh/release-name": "tars", "meta.helm.sh/release-namespace": "sys" };

const found = (
  type: ResourceType,
  name: string,
  metadata: Partial<KubeObject["metadata"]> = {},
): Found => {
  const namespace = metadata.namespace ?? "sys";
  return {
    ref: { type, name, namespace },
    object: {
      apiVersion: type.group === "" ? type.version : `${type.group}/${type.version}`,
      kind: type.kind,
      metadata: { name, uid: `uid-${type.plural}-${name}`, ...metadata, namespace },
    },
  };
};

const ownedBy = ({ object }: Found): { ownerReferences: ReadonlyArray<OwnerReference> } => ({
  ownerReferences: [
    {
      ...{ apiVersion: object.apiVersion, kind: object.kind },
      ...{ name: object.metadata.name, uid: object.metadata.uid ?? "" },
    },
  ],
});

const names = (all: ReadonlyArray<Found>) => all.map(({ ref }) => ref.name);
const sorted = (objects: ReadonlyArray<Found>) => {
  const { ours, foreign } = contentsOf(objects, PLACE);
  return { ours: names(ours), foreign: names(foreign) };
};

const TYPES = { ConfigMap, Secret, Deployment, Pod };

const Drawn = Schema.Array(
  Schema.Struct({
    name: Schema.Literals(["a", "b", "c", "d"]),
    type: Schema.Literals(["ConfigMap", "Secret", "Deployment", "Pod"]),
    isOurs: Schema.Boolean,
    /** Which of the others it belongs to; of none where there are not so many. */
    owner: Schema.Literals([0, 1, 2, 3, 4, 5]),
  }),
);

describe("what is in a namespace", () => {
  it.each([
    ["Helm's, of this release", found(Deployment, "one", { annotations: HELMS })],
    ["a record of Helm's", found(Secret, "one", { labels: { owner: "helm", name: "tars" } })],
    ["the identity", found(Secret, "tars-identity")],
    [
      "the pull secret that tare made",
      found(Secret, "tars-image-pull", { labels: { "app.kubernetes.io/managed-by": "tare" } }),
    ],
    ["the record of the gate", found(ConfigMap, "tare-gate-tars")],
    ["the journal", found(ConfigMap, "tare-journal-tars")],
    [
      "an event",
      found(ConfigMap, "one", {
        labels: { "tars.io/component": "install-event", "tars.io/release": "tars" },
      }),
    ],
    [
      "a hook of the chart",
      found(ConfigMap, "tars-config", {
        labels: { "app.kubernetes.io/part-of": "tars", "app.kubernetes.io/instance": "tars" },
      }),
    ],
    [
      "a certificate of the controller's",
      found(Secret, "envoy-gateway", { labels: { "control-plane": "envoy-gateway" } }),
    ],
    [
      "what a controller made for a Gateway that has gone",
      found(Deployment, "egress", {
        namespace: "dp",
        labels: {
          "app.kubernetes.io/managed-by": "envoy-gateway",
          "gateway.envoyproxy.io/owning-gateway-name": "egress",
        },
      }),
    ],
  ])("is ours: %s", (_, object) => {
    assert.deepStrictEqual(sorted([object]), { ours: [object.ref.name], foreign: [] });
  });

  it.each([
    ["with no mark", found(ConfigMap, "one")],
    [
      "Helm's, of another release",
      found(Deployment, "one", { annotations: { ...HELMS, "meta.helm.sh/release-name": "other" } }),
    ],
    [
      "Helm's, of one with this name elsewhere",
      found(Deployment, "one", {
        annotations: { ...HELMS, "meta.helm.sh/release-namespace": "elsewhere" },
      }),
    ],
    ["a record of another release", found(Secret, "one", { labels: { owner: "helm", name: "x" } })],
    ["a pull secret of the operator's", found(Secret, "tars-image-pull")],
    ["a Secret for hosted Redis", found(Secret, "tars-redis")],
    [
      "an event of another release",
      found(ConfigMap, "one", {
        labels: { "tars.io/component": "install-event", "tars.io/release": "other" },
      }),
    ],
    [
      "the chart's, of another release",
      found(ConfigMap, "one", {
        labels: { "app.kubernetes.io/part-of": "tars", "app.kubernetes.io/instance": "other" },
      }),
    ],
    ["of the name of the identity, elsewhere", found(Secret, "tars-identity", { namespace: "dp" })],
  ])("is somebody else's: %s", (_, object) => {
    assert.deepStrictEqual(sorted([object]), { ours: [], foreign: [object.ref.name] });
  });

  it("that Kubernetes keeps in every namespace is nobody's", () => {
    const root = found(ConfigMap, "kube-root-ca.crt");
    assert.deepStrictEqual(sorted([root]), { ours: [], foreign: [] });
  });

  it("goes with its owner, through any number of them", () => {
    const ours = found(Deployment, "ours", { annotations: HELMS });
    const theirs = found(Deployment, "theirs");
    const pods = [ours, theirs].map((owner, index) => found(Pod, `pod-${index}`, ownedBy(owner)));
    assert.deepStrictEqual(sorted([ours, theirs, ...pods]), {
      ours: ["ours"],
      foreign: ["theirs"],
    });
    // Its Deployment has gone: so will it.
    assert.deepStrictEqual(sorted(pods.slice(0, 1)), { ours: [], foreign: [] });
  });

  it("is of the Gateway that it was made for", () => {
    const gateway = found(Gateway, "theirs", { namespace: "dp" });
    const proxies = found(Deployment, "theirs", {
      namespace: "dp",
      labels: {
        "app.kubernetes.io/managed-by": "envoy-gateway",
        "gateway.envoyproxy.io/owning-gateway-name": "theirs",
      },
    });
    assert.notInclude(names(contentsOf([gateway, proxies], PLACE).ours), "theirs");
  });

  it("beside another Envoy Gateway may be its own", () => {
    const theirs = found(Deployment, "theirs", { labels: { "control-plane": "envoy-gateway" } });
    const keys = found(Secret, "envoy", { labels: { "control-plane": "envoy-gateway" } });
    assert.deepStrictEqual(sorted([theirs, keys]), { ours: [], foreign: ["theirs", "envoy"] });
  });

  it.prop("that is somebody else's is never ours, whatever is beside it", [Drawn], ([drawn]) => {
    const marksOf = (isOurs: boolean) => (isOurs ? { annotations: HELMS } : {});
    const plain = drawn.map(({ name, type, isOurs }) => found(TYPES[type], name, marksOf(isOurs)));
    const objects = drawn.map(({ name, type, isOurs, owner }) => {
      const of = plain[owner];
      const more = of === undefined ? {} : ownedBy(of);
      return found(TYPES[type], name, { ...marksOf(isOurs), ...more });
    });
    const { ours, foreign } = contentsOf(objects, PLACE);
    for (const { object } of ours) {
      assert.strictEqual(object.metadata.annotations?.["meta.helm.sh/release-name"], "tars");
    }
    assert.isFalse(foreign.some((one) => ours.includes(one)));
  });
});
