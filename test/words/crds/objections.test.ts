import { assert, describe, it } from "@effect/vitest";
import type { CrdRefusal, CrdWriteFailure } from "../../../src/domain/crds/refusal.ts";
import { showHints } from "../../../src/render/hints/hints.ts";
import { describeObjection, describeWriteFailure } from "../../../src/words/crds/objections.ts";
import { crdRemedy } from "../../../src/words/crds/remedies.ts";
import { PLAIN_OPERATOR } from "../../fakes/index.ts";

const crd = "gateways.example.com";
const live = { kind: "Gateway", plural: "gateways", group: "example.com" };
const release = { name: "r", namespace: "ns" };
const failing = (name: string, namespace = "ns") =>
  ({
    version: "v1",
    name,
    namespace,
    flaw: { path: "spec.a", _tag: "TooLong", limit: 3 },
  }) as const;

const shown = (refusal: CrdRefusal): ReadonlyArray<string> => {
  const [hint] = showHints(PLAIN_OPERATOR, [crdRemedy(refusal)]);
  return [hint?.title ?? "", ...(hint?.commands ?? [])];
};

describe("an objection to a CRD", () => {
  it.each<[CrdRefusal, string, ReadonlyArray<string>]>([
    [
      { _tag: "StoredVersionRemoved", crd, live, lost: ["v0", "v1"], migration: [] },
      "status.storedVersions lists v0, v1, which the new CRD does not have: objects may still be stored in it",
      [
        "The new CRD serves no version that the live one serves: save the Gateway objects and upgrade by way of a release that has both:",
        "kubectl get gateways.example.com -A -o yaml",
      ],
    ],
    [
      {
        _tag: "ScopeOrKindChanged",
        crd,
        live,
        changes: [{ field: "spec.scope", before: "Namespaced", after: "Cluster" }],
      },
      "spec.scope would change from Namespaced to Cluster, but it is immutable",
      [
        "Save its objects, then delete the CRD, which deletes every Gateway too; the upgrade creates it again:",
        "kubectl get gateways.example.com -A -o yaml",
        "kubectl delete crd gateways.example.com",
      ],
    ],
    [
      {
        _tag: "ServedVersionWithdrawn",
        crd,
        live,
        instead: "v1",
        objects: [{ version: "v0", name: "one", namespace: "ns", manager: "argo" }],
        manifests: [{ version: "v0", release }],
      },
      "version v0 would no longer be served, and objects are written in it: ns/one by argo; Helm releases hold it: r in ns",
      [
        "Move their manifests to example.com/v1, upgrade these releases with it, then forget who wrote in the old version:",
        "helm get manifest r -n ns",
        `kubectl patch gateways.v1.example.com one -n ns --type=json -p '[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]'`,
      ],
    ],
    [
      { _tag: "SchemaNarrowed", crd, live, failing: [failing("one")] },
      "the new schema is stricter and 1 live object fails it: ns/one (spec.a is longer than 3) (only OpenAPI constraints were tried, no CEL rules)",
      [
        "Change these Gateway objects so that both schemas allow them:",
        "kubectl edit gateways.v1.example.com one -n ns",
      ],
    ],
    [
      { _tag: "ConversionMismatch", crd, before: "Webhook", after: "None" },
      "its conversion strategy is Webhook and the new CRD's is None: objects would be read in another way than they were written",
      [
        "If its webhook is gone permanently and one version is stored, end the conversion:",
        "kubectl get crd gateways.example.com -o yaml",
        `kubectl patch crd gateways.example.com --type=json -p '[{"op":"replace","path":"/spec/conversion","value":{"strategy":"None"}}]'`,
      ],
    ],
    [
      { _tag: "ChannelMismatch", crd, before: "experimental", after: "standard" },
      "it is of the experimental channel and the new one of the standard channel: fields of the experimental channel would be dropped from live objects",
      [
        "If nothing uses what only the experimental channel has, say that it is of the standard channel now:",
        "kubectl get crd gateways.example.com -o yaml",
        "kubectl annotate crd gateways.example.com --overwrite gateway.networking.k8s.io/channel=standard",
      ],
    ],
    [
      {
        _tag: "NeededVersionMissing",
        crd,
        missing: ["v2"],
        keptBy: { _tag: "Platform", platform: "GKE" },
      },
      "GKE manages it, and it does not serve v2, which the controllers of this chart need",
      [
        "Have GKE upgrade it, or end its management of it:",
        "kubectl get crd gateways.example.com -o yaml",
      ],
    ],
    [
      {
        _tag: "NeededVersionMissing",
        crd,
        missing: ["v2"],
        keptBy: { _tag: "NewerBundle", live: "v1.6.0", ours: "v1.5.1" },
      },
      "the cluster's bundle v1.6.0 is newer than v1.5.1, and it does not serve v2, which the controllers of this chart need",
      [
        "Use a tare that embeds a chart for that bundle, or look whether that version can be served again:",
        "kubectl get crd gateways.example.com -o yaml",
      ],
    ],
    [
      { _tag: "UnknownOwner", crd, conflicts: [{ manager: "acme", fields: [".spec.versions"] }] },
      'it would be taken away from field manager "acme", which owns .spec.versions',
      [
        "Find out who acme is. If it no longer manages this CRD, remove its entries; else let it upgrade the CRD:",
        "kubectl get crd gateways.example.com -o yaml --show-managed-fields",
        `kubectl patch crd gateways.example.com --type=json -p '[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]'`,
      ],
    ],
    [
      { _tag: "Terminating", crd, live },
      "it is being deleted, and every Gateway with it",
      [
        "That cannot be undone: save its objects, see what holds them (metadata.finalizers), and upgrade once it is gone, which creates it again:",
        "kubectl get gateways.example.com -A -o yaml",
        "kubectl get crd gateways.example.com -o yaml",
      ],
    ],
    [
      { _tag: "AdmissionDenied", crd, policy: "safe", webhook: undefined, detail: "no" },
      "denied by admission policy safe: no",
      [
        "Read the rule that says no, and change it or have its owner make an exception:",
        "kubectl get validatingadmissionpolicy safe -o yaml",
      ],
    ],
    [
      { _tag: "AdmissionDenied", crd, policy: undefined, webhook: "w.example.com", detail: "no" },
      "denied by admission webhook w.example.com: no",
      [
        "Read the rule that says no, and change it or have its owner make an exception:",
        "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
      ],
    ],
    [
      { _tag: "ServerRefused", crd, detail: "no" },
      "no",
      ["Look at what is on the cluster:", "kubectl get crd gateways.example.com -o yaml"],
    ],
  ])("%j", (refusal, words, hint) => {
    assert.strictEqual(describeObjection(refusal), words);
    assert.deepStrictEqual(shown(refusal), hint);
  });

  it("to many objects names the first five", () => {
    const many = Array.from({ length: 7 }, (_, number) => ({
      ...failing(`o${number}`),
      namespace: undefined,
    }));
    const refusal: CrdRefusal = { _tag: "SchemaNarrowed", crd, live, failing: many };
    assert.match(
      describeObjection(refusal),
      /7 live objects fail it: o0 \(.*\), .*o4 \([^)]*\), and 2 more \(only/,
    );
    assert.strictEqual(shown(refusal).length, 6);
  });
});

describe("a CRD that was not written in the end", () => {
  it.each<[CrdWriteFailure, string]>([
    [{ _tag: "Refused", detail: "no space" }, "no space"],
    [{ _tag: "LockLost", detail: "it is another's" }, "the lock was lost: it is another's"],
    [
      { _tag: "NotServed", version: "v1", after: "60 seconds" },
      "was written but discovery does not name v1 after 60 seconds",
    ],
    [
      { _tag: "NotEstablished", within: "60 seconds", names: undefined },
      "was written but not Established within 60 seconds",
    ],
    [
      { _tag: "NotEstablished", within: "60 seconds", names: "taken" },
      "was written but not Established within 60 seconds: taken",
    ],
  ])("%j", (failure, words) => {
    assert.strictEqual(describeWriteFailure(failure), words);
  });
});
