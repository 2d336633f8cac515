import { assert, describe, it } from "@effect/vitest";
import { migrationBack } from "../../../src/domain/crds/backup.ts";
import { mayTakeFrom, platformOf, unknownOwners } from "../../../src/domain/crds/ownership.ts";
import { crdManifest } from "../../../src/domain/crds/plan.ts";
import { serverRefusal } from "../../../src/domain/crds/server-text.ts";
import { judgeCrd } from "../../../src/domain/crds/verdict.ts";
import { crdView } from "../../../src/domain/crds/view.ts";
import {
  manifestUsers,
  versionUsers,
  withdrawnVersions,
} from "../../../src/domain/crds/withdrawal.ts";
import type { KubeObject, ManagedFieldsEntry } from "../../../src/domain/kube/objects.ts";
import { showHints } from "../../../src/render/hints/hints.ts";
import { restoreHints } from "../../../src/render/hints/restore-crds.ts";
import { describeObjection } from "../../../src/words/crds/objections.ts";
import { crdRemedy } from "../../../src/words/crds/remedies.ts";
import { showCommand } from "../../../src/words/hints/commands.ts";
import { PLAIN_OPERATOR } from "../../fakes/index.ts";

const CHANNEL = "gateway.networking.k8s.io/channel";
const BUNDLE = "gateway.networking.k8s.io/bundle-version";

interface Shape {
  readonly versions?: ReadonlyArray<string>;
  readonly unserved?: ReadonlyArray<string>;
  readonly stored?: ReadonlyArray<string>;
  readonly scope?: string;
  readonly kind?: string;
  readonly conversion?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly managers?: ReadonlyArray<ManagedFieldsEntry>;
}

/** The last version is stored. */
const crd = (shape: Shape = {}): KubeObject => {
  const { versions = ["v1"], unserved = [], scope = "Namespaced", kind = "Gateway" } = shape;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: "gateways.example.com",
      annotations: shape.annotations ?? {},
      labels: shape.labels ?? {},
      managedFields: shape.managers ?? [],
    },
    spec: {
      group: "example.com",
      names: { kind, plural: "gateways" },
      scope,
      ...(shape.conversion === undefined ? {} : { conversion: { strategy: shape.conversion } }),
      versions: versions.map((name, index) => ({
        name,
        served: !unserved.includes(name),
        storage: index === versions.length - 1,
      })),
    },
    status: { storedVersions: shape.stored ?? [] },
  };
};

it("one that is being deleted is refused, be it as we wrote it", () => {
  const live = crd();
  const deleted = { ...live.metadata, deletionTimestamp: "2026-11-27T20:00:00Z" };
  const judged = judgeCrd(crdManifest(crd()), { ...live, metadata: deleted });
  assert.strictEqual(judged._tag, "Refused");
  assert.deepStrictEqual(
    judged._tag === "Refused" ? judged.refusals.map(({ _tag, crd }) => [_tag, crd]) : [],
    [["Terminating", "gateways.example.com"]],
  );
});

const judge = (ours: Shape, live: Shape) => {
  const { metadata, spec, apiVersion, kind } = crd(ours);
  const { managedFields: _, ...kept } = metadata;
  return judgeCrd(crdManifest({ apiVersion, kind, metadata: kept, spec }), crd(live));
};

describe("a live CRD", () => {
  it.each<[string, Shape, Shape, string]>([
    ["of another scope", { scope: "Cluster" }, {}, "ScopeOrKindChanged"],
    ["of another kind", { kind: "Gate" }, {}, "ScopeOrKindChanged"],
    [
      "with a stored version we lack",
      {},
      { versions: ["v0", "v1"], stored: ["v0", "v1"] },
      "StoredVersionRemoved",
    ],
    ["that converts", {}, { conversion: "Webhook" }, "ConversionMismatch"],
    ["that does not convert while ours does", { conversion: "Webhook" }, {}, "ConversionMismatch"],
    [
      "of the experimental channel",
      { annotations: { [CHANNEL]: "standard" } },
      { annotations: { [CHANNEL]: "experimental" } },
      "ChannelMismatch",
    ],
    [
      "of the standard channel",
      { annotations: { [CHANNEL]: "experimental" } },
      { annotations: { [CHANNEL]: "standard" } },
      "ChannelMismatch",
    ],
    [
      "of a newer bundle without a version that is needed",
      { annotations: { [BUNDLE]: "v1.5.1" }, versions: ["v1", "v2"] },
      { annotations: { [BUNDLE]: "v1.6.0" } },
      "NeededVersionMissing",
    ],
    [
      "of a platform without a version that is needed",
      { versions: ["v1", "v2"] },
      { labels: { "addonmanager.kubernetes.io/mode": "Reconcile" } },
      "NeededVersionMissing",
    ],
  ])("%s is refused with a reason and a command", (_, ours, live, kind) => {
    const judged = judge(ours, live);
    if (judged._tag !== "Refused") throw new Error("not refused");
    assert.deepStrictEqual(judged.refusals.map((one) => one._tag) as Array<string>, [kind]);
    const [refusal] = judged.refusals;
    assert.strictEqual(refusal?.crd, "gateways.example.com");
    if (refusal === undefined) throw new Error("not refused");
    assert.notInclude(describeObjection(refusal), "\n");
    const commands = crdRemedy(refusal).commands.map((one) => showCommand(PLAIN_OPERATOR, one));
    assert.isNotEmpty(commands);
    for (const command of commands) assert.match(command, /^kubectl .*gateways/);
  });

  it.each<[string, Shape, Shape, object]>([
    [
      "that is the same is skipped without asking the server",
      {},
      {},
      { _tag: "Skip", reason: "identical" },
    ],
    ["that differs is updated", { versions: ["v1", "v2"] }, {}, { _tag: "Update" }],
    [
      "of a newer bundle that serves what is needed is skipped",
      { annotations: { [BUNDLE]: "v1.5.1" } },
      { annotations: { [BUNDLE]: "v1.6.0" }, versions: ["v1", "v2"] },
      { _tag: "Skip", reason: "newer", live: "v1.6.0", ours: "v1.5.1" },
    ],
    [
      "of a platform that serves what is needed is skipped",
      {},
      { versions: ["v1", "v2"], managers: [{ manager: "ingress-operator" }] },
      { _tag: "Skip", reason: "platform", platform: "OpenShift" },
    ],
    [
      "of the other channel but a newer bundle is left alone: nothing changes",
      { annotations: { [BUNDLE]: "v1.5.1", [CHANNEL]: "standard" } },
      { annotations: { [BUNDLE]: "v1.6.0", [CHANNEL]: "experimental" }, versions: ["v1", "v2"] },
      { _tag: "Skip", reason: "newer", live: "v1.6.0", ours: "v1.5.1" },
    ],
  ])("%s", (_, ours, live, verdict) => {
    const judged = judge(ours, live);
    assert.deepStrictEqual(
      judged._tag === "Planned" ? judged.planned.verdict : judged,
      verdict as never,
    );
  });

  it("is told all that is wrong with it at once", () => {
    const judged = judge({ scope: "Cluster" }, { conversion: "Webhook" });
    assert.strictEqual(judged._tag === "Refused" ? judged.refusals.length : 0, 2);
  });
});

describe("field managers", () => {
  it.each([
    "helm",
    "Helm",
    "kubectl",
    "kubectl-client-side-apply",
    "kubectl-edit",
    "tare",
    "before-first-apply",
  ])("%s is taken over from", (manager) => assert.isTrue(mayTakeFrom(manager)));
  it.each(["acme-operator", "helmfile-controller", "argocd-controller", ""])(
    "%s is not",
    (manager) => assert.isFalse(mayTakeFrom(manager)),
  );

  const fieldsV1 = { "f:spec": { "f:versions": {}, "f:scope": {} } };
  const ours = crdManifest(crd({ versions: ["v1", "v2"] }));
  const owners = (entry: ManagedFieldsEntry) => unknownOwners(ours, crd({ managers: [entry] }));

  it("that are unknown and own what would change are named with it", () => {
    assert.deepStrictEqual(owners({ manager: "acme", fieldsV1 }), [
      { manager: "acme", fields: [".spec.versions"] },
    ]);
  });
  it("that own only what stays, or only the status, are in nobody's way", () => {
    assert.deepStrictEqual(
      owners({ manager: "acme", fieldsV1: { "f:spec": { "f:scope": {} } } }),
      [],
    );
    assert.deepStrictEqual(owners({ manager: "acme", fieldsV1, subresource: "status" }), []);
    assert.deepStrictEqual(owners({ manager: "helm", fieldsV1 }), []);
  });

  it("and marks of platforms are recognised", () => {
    const marked = (shape: Shape) => platformOf(crd(shape).metadata);
    assert.strictEqual(marked({ annotations: { "components.gke.io/layer": "addon" } }), "GKE");
    assert.strictEqual(marked({ labels: { "kubernetes.azure.com/managedby": "aks" } }), "AKS");
    assert.isUndefined(marked({ managers: [{ manager: "helm" }] }));
  });
});

describe("the API server's words", () => {
  const [live, next] = [crdView(crd({ versions: ["v0", "v1"] })), crdView(crd())];
  const of = (detail: string) => serverRefusal("gateways.example.com", detail, live, next);

  it.each([
    'x is invalid: status.storedVersions[0]: Invalid value: "v0": must appear in spec.versions',
    'x is invalid: status.storedVersions[0]: Invalid value: "v0": missing from spec.versions; v0 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v0 and removes v0 from status.storedVersions',
  ])("about a stored version, old and new: %s", (detail) => {
    const refusal = of(detail);
    assert.strictEqual(refusal._tag, "StoredVersionRemoved");
    assert.deepStrictEqual(
      crdRemedy(refusal).commands.map((command) => showCommand(PLAIN_OPERATOR, command)),
      [
        "kubectl get gateways.v1.example.com -A -o json | kubectl replace -f -",
        `kubectl patch crd gateways.example.com --subresource=status --type=merge -p '{"status":{"storedVersions":["v1"]}}'`,
      ],
    );
  });

  it.each([
    [
      "ValidatingAdmissionPolicy 'safe' with binding 'b' denied request: no",
      "admission policy safe",
    ],
    ['admission webhook "w.example.com" denied the request: no', "admission webhook w.example.com"],
  ])("of an admission plugin: %s", (detail, whose) => {
    assert.strictEqual(of(detail)._tag, "AdmissionDenied");
    assert.include(describeObjection(of(detail)), `denied by ${whose}: `);
  });

  it("that nobody knows are passed on, on one line", () => {
    assert.deepInclude(of("something\n  else"), {
      _tag: "ServerRefused",
      detail: "something else",
    });
  });
});

describe("a withdrawn version", () => {
  const [live, next] = [
    crdView(crd({ versions: ["v0", "v1"] })),
    crdView(crd({ versions: ["v0", "v1"], unserved: ["v0"] })),
  ];

  it("is one that is not served any more, there or not", () => {
    assert.deepStrictEqual(withdrawnVersions(live, next), ["v0"]);
    assert.deepStrictEqual(withdrawnVersions(live, crdView(crd())), ["v0"]);
    assert.deepStrictEqual(withdrawnVersions(live, live), []);
  });

  it("is used by who wrote an object in it, controllers that write a status aside", () => {
    const object = (entry: ManagedFieldsEntry): KubeObject => ({
      apiVersion: "example.com/v1",
      kind: "Gateway",
      metadata: { name: "one", namespace: "ns", managedFields: [entry] },
    });
    const users = (entry: ManagedFieldsEntry) => versionUsers(live, ["v0"], [object(entry)]);
    assert.deepStrictEqual(users({ manager: "argo", apiVersion: "example.com/v0" }), [
      { version: "v0", name: "one", namespace: "ns", manager: "argo" },
    ]);
    assert.deepStrictEqual(users({ manager: "argo", apiVersion: "example.com/v1" }), []);
    assert.deepStrictEqual(
      users({ manager: "c", apiVersion: "example.com/v0", subresource: "status" }),
      [],
    );
  });

  it("is used by Helm releases that hold it", () => {
    const release = { name: "r", namespace: "n" };
    const users = (manifest: string) =>
      manifestUsers(live, ["v0"], [{ release, revision: 1, manifest }]);
    const held =
      "---\n# Source: x\napiVersion: example.com/v0\nkind: Gateway\nmetadata:\n  name: x\n";
    assert.deepStrictEqual(users(`---\nkind: ConfigMap\n${held}`), [{ version: "v0", release }]);
    assert.deepStrictEqual(users(held.replace("/v0", "/v1")), []);
    assert.deepStrictEqual(users(held.replace("kind: Gateway", "kind: GatewayClass")), []);
    assert.deepStrictEqual(users(held.replace("example.com/v0", '"example.com/v0"')), [
      { version: "v0", release },
    ]);
  });
});

describe("the way back", () => {
  const before = crdView(crd({ versions: ["v0"], stored: ["v0"] }));
  const after = crdView(crd({ versions: ["v0", "v1"] }));

  it("is open while the stored version is known to the saved CRD", () => {
    assert.isUndefined(migrationBack(before, before));
  });

  it("needs the storage version moved back, the objects written and the list shortened first", () => {
    const migration = migrationBack(before, after);
    assert.strictEqual(migration?.storedIn, "v1");
    const hints = showHints(
      PLAIN_OPERATOR,
      restoreHints({
        restorable: { file: "/b/a.yaml", crds: ["x"] },
        migrateFirst: { file: "/b/b.yaml", migrations: migration === undefined ? [] : [migration] },
      }),
    );
    assert.deepStrictEqual(hints[0]?.commands, ["kubectl replace -f /b/a.yaml"]);
    assert.include(hints[1]?.title, "gateways.example.com (v1)");
    assert.deepStrictEqual(hints[1]?.commands, [
      `kubectl patch crd gateways.example.com --type=json -p '[{"op":"replace","path":"/spec/versions/0/storage","value":true},{"op":"replace","path":"/spec/versions/1/storage","value":false}]'`,
      "kubectl get gateways.v0.example.com -A -o json | kubectl replace -f -",
      `kubectl patch crd gateways.example.com --subresource=status --type=merge -p '{"status":{"storedVersions":["v0"]}}'`,
      "kubectl replace -f /b/b.yaml",
    ]);
  });
});
