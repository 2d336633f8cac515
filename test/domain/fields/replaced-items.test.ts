import { assert, describe, it } from "@effect/vitest";
import {
  foreignParts,
  handedToHelm,
  type OwnedPath,
  ownersOf,
  showOwnedPath,
  treeAt,
} from "../../../src/domain/fields/managed-fields.ts";
import { mergedObject, patchTo } from "../../../src/domain/fields/merged-object.ts";
import { replacedItems } from "../../../src/domain/fields/replaced-items.ts";
import type { JsonObject } from "../../../src/domain/kube/json.ts";
import { Deployment, EnvoyProxy, type KubeObject } from "../../../src/domain/kube/objects.ts";

const POD = ["f:spec", "f:template", "f:spec"];
const CONTAINERS = [...POD, "f:containers"];
const OWN = 'k:{"name":"web"}';
const PORTS = [...CONTAINERS, OWN, "f:ports"];

const port = (containerPort: number, name: string): JsonObject => ({ containerPort, name });

const chart = (container: JsonObject, pod: JsonObject = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop" },
  spec: {
    template: { spec: { ...pod, containers: [{ name: "web", image: "a:1", ...container }] } },
  },
});

const owned = (paths: ReadonlyArray<OwnedPath>): JsonObject => {
  const tree: Record<string, unknown> = {};
  for (const path of paths) {
    let at = tree;
    for (const step of path) {
      at[step] ??= {};
      at = at[step] as Record<string, unknown>;
    }
    at["."] = {};
  }
  return tree as JsonObject;
};

const entry = (manager: string, operation: string, paths: ReadonlyArray<OwnedPath>) => ({
  manager,
  operation,
  apiVersion: "apps/v1",
  fieldsV1: owned(paths),
});

/** As the server has it: what the chart set is Helm's, the rest of those who set it. */
const liveWith = (
  object: KubeObject,
  helms: ReadonlyArray<OwnedPath>,
  theirs: ReadonlyArray<OwnedPath>,
): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    resourceVersion: "7",
    managedFields: [
      entry("helm", "Apply", [[...CONTAINERS, OWN, "f:image"], ...helms]),
      entry("kubectl-edit", "Update", theirs),
      { ...entry("kube-controller-manager", "Update", [["f:status"]]), subresource: "status" },
    ],
  },
});

const portAt = (containerPort: number, protocol = "TCP"): OwnedPath => [
  ...PORTS,
  `k:${JSON.stringify({ containerPort, protocol })}`,
];

const WANTED = chart({ ports: [port(80, "http"), port(90, "admin")] });
const EDITED = liveWith(
  chart({ ports: [{ ...port(81, "http"), protocol: "TCP" }, port(90, "admin")] }),
  [portAt(90)],
  [portAt(81)],
);

describe("an item whose key was changed", () => {
  it("is told from the chart's own, which is missing", () => {
    assert.deepStrictEqual(replacedItems(EDITED, WANTED, WANTED), [portAt(81)]);
    assert.strictEqual(
      showOwnedPath(portAt(81)),
      'spec.template.spec.containers[name="web"].ports[containerPort=81,protocol="TCP"]',
    );
    assert.deepStrictEqual(ownersOf(EDITED, portAt(81)), ["kubectl-edit"]);
  });

  it("may differ in a key that the chart leaves to the server", () => {
    const live = liveWith(
      chart({ ports: [{ ...port(80, "http"), protocol: "UDP" }, port(90, "admin")] }),
      [portAt(90)],
      [portAt(80, "UDP")],
    );
    assert.deepStrictEqual(replacedItems(live, WANTED, WANTED), [portAt(80, "UDP")]);
  });

  it("is not one that somebody added beside the chart's", () => {
    const live = liveWith(
      chart({ ports: [port(80, "http"), port(90, "admin"), port(81, "more")] }),
      [portAt(80), portAt(90)],
      [portAt(81)],
    );
    assert.deepStrictEqual(replacedItems(live, WANTED, WANTED), []);
  });

  it("is not one that is unlike everything that is missing", () => {
    const live = liveWith(
      chart({ ports: [port(81, "debug"), port(90, "admin")] }),
      [portAt(90)],
      [portAt(81)],
    );
    assert.deepStrictEqual(replacedItems(live, WANTED, WANTED), []);
  });

  it("is compared with what the last chart had, which is what was edited", () => {
    const [old, next] = [chart({ args: ["x"], tty: true }), chart({ image: "a:2", args: ["y"] })];
    const renamed: OwnedPath = [...CONTAINERS, 'k:{"name":"copy"}'];
    const live = liveWith(
      chart({ name: "copy", args: ["x"], tty: true }),
      [],
      [[...renamed, "f:image"], renamed],
    );
    const { managedFields = [], ...metadata } = live.metadata;
    const without = { ...metadata, managedFields: managedFields.slice(1) };
    assert.deepStrictEqual(replacedItems({ ...live, metadata: without }, old, next), [renamed]);
  });
});

describe("what others own alone", () => {
  it("is what neither chart has, as far up as that goes", () => {
    const source = [...POD, "f:volumes", 'k:{"name":"data"}', "f:emptyDir"];
    const live = liveWith(
      chart({}, { volumes: [{ name: "data", emptyDir: {} }] }),
      [[...POD, "f:volumes", 'k:{"name":"data"}']],
      [
        [...source, "f:medium"],
        [...CONTAINERS, OWN, "f:image"],
        ["f:metadata", "f:labels", "f:x"],
      ],
    );
    const wanted = chart({}, { volumes: [{ name: "data", configMap: { name: "a" } }] });
    assert.deepStrictEqual(foreignParts(live, [wanted]), [source]);
  });

  it("becomes Helm's, so that its apply takes it away", () => {
    const [helms, theirs, status] = handedToHelm(EDITED, [portAt(81)]) ?? [];
    assert.isDefined(treeAt(helms?.fieldsV1 as JsonObject, portAt(81))?.["."]);
    assert.isUndefined(treeAt(theirs?.fieldsV1 as JsonObject, portAt(81)));
    assert.strictEqual(status, EDITED.metadata.managedFields?.[2]);
  });

  it("stays whose it is where Helm has not applied the object", () => {
    const { managedFields = [], ...metadata } = EDITED.metadata;
    const updated = { ...metadata, managedFields: managedFields.slice(1) };
    assert.isUndefined(handedToHelm({ ...EDITED, metadata: updated }, [portAt(81)]));
  });
});

describe("the chart's object over the live one", () => {
  const states = { live: EDITED, previous: WANTED, next: WANTED, type: Deployment } as const;
  const portsOf = (object: KubeObject) =>
    (object as unknown as typeof LIVE).spec.template.spec.containers[0]?.ports;
  const LIVE = { spec: { template: { spec: { containers: [{ ports: [port(1, "")] }] } } } };

  it("keeps what is beside it, unless that is taken away", () => {
    const beside = mergedObject({ ...states, method: "server" }, []);
    assert.deepStrictEqual(portsOf(beside), [
      { ...port(81, "http"), protocol: "TCP" },
      port(90, "admin"),
      port(80, "http"),
    ]);
    const alone = mergedObject({ ...states, method: "server" }, [portAt(81)]);
    assert.deepStrictEqual(portsOf(alone), [port(90, "admin"), port(80, "http")]);
  });

  it("drops what only the last chart had", () => {
    const next = chart({ ports: [port(80, "http")] });
    const merged = mergedObject({ ...states, next, method: "client" }, [portAt(81)]);
    assert.deepStrictEqual(portsOf(merged), [port(80, "http")]);
  });

  it("is what differs between two manifests, where Helm patches a custom resource", () => {
    const proxy = (spec: JsonObject): KubeObject => ({
      apiVersion: "gateway.envoyproxy.io/v1alpha1",
      kind: "EnvoyProxy",
      metadata: { name: "egress" },
      spec,
    });
    const merged = mergedObject(
      {
        live: proxy({ a: 9, b: 9, c: 3 }),
        previous: proxy({ a: 1, b: 1, c: 3 }),
        next: proxy({ a: 1, b: 2 }),
        type: EnvoyProxy,
        method: "client",
      },
      [],
    );
    assert.deepStrictEqual(merged.spec, { a: 9, b: 2 });
  });

  it("is sent as a patch of the object that was read", () => {
    const wanted = { ...EDITED, spec: { replicas: 2 } };
    assert.deepStrictEqual(patchTo(EDITED, wanted), {
      metadata: { resourceVersion: "7" },
      spec: { replicas: 2, template: null },
    });
  });
});
