import { assert, describe, it } from "@effect/vitest";
import type { KubeObject, ObjectMeta } from "../../../src/domain/kube/objects.ts";
import { type Keeper, unrecordedRelease } from "../../../src/domain/release/unrecorded.ts";

const RELEASE = { name: "tars", namespace: "tars-system" };
const TARS = { "app.kubernetes.io/part-of": "tars" };
const HELM = {
  "meta.helm.sh/release-name": "tars",
  "meta.helm.sh/release-namespace": "tars-system",
};

const deployment = (metadata: Partial<ObjectMeta>, name = "envoy-gateway"): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { namespace: "tars-system", ...metadata, name },
});
const managed = (...managers: ReadonlyArray<string>) => ({
  managedFields: managers.map((manager) => ({ manager })),
});

describe("a release without a record", () => {
  it.each<[string, Partial<ObjectMeta>, Keeper]>([
    [
      "is the one that Argo CD tracks by annotation",
      {
        labels: TARS,
        annotations: { "argocd.argoproj.io/tracking-id": "llm:apps/Deployment:a/b" },
      },
      { _tag: "ArgoCd", application: "llm" },
    ],
    [
      "is the one that Argo CD tracks by label",
      { labels: { ...TARS, "argocd.argoproj.io/instance": "llm" } },
      { _tag: "ArgoCd", application: "llm" },
    ],
    [
      "is the one that Argo CD has written",
      { labels: TARS, ...managed("argocd-controller", "kube-controller-manager") },
      { _tag: "ArgoCd", application: undefined },
    ],
    [
      "is a HelmRelease of Flux",
      {
        labels: {
          ...TARS,
          "helm.toolkit.fluxcd.io/name": "tars",
          "helm.toolkit.fluxcd.io/namespace": "flux-system",
        },
        annotations: HELM,
      },
      { _tag: "Flux", kind: "HelmRelease", name: "tars", namespace: "flux-system" },
    ],
    [
      "is a Kustomization of Flux",
      { labels: { ...TARS, "kustomize.toolkit.fluxcd.io/name": "gateway" } },
      { _tag: "Flux", kind: "Kustomization", name: "gateway", namespace: undefined },
    ],
    ["has lost its records", { annotations: HELM }, { _tag: "LostRecords" }],
    [
      "was applied by hand",
      { labels: TARS, ...managed("kube-controller-manager", "kubectl-client-side-apply") },
      { _tag: "Applied", by: "kubectl-client-side-apply" },
    ],
  ])("%s", (_, metadata, keeper) => {
    assert.deepStrictEqual(unrecordedRelease([deployment(metadata)], RELEASE), {
      _tag: "Live",
      keeper,
      deployments: ["envoy-gateway"],
    });
  });

  it("is none of what belongs to others", () => {
    const others = [
      deployment({}),
      deployment({ annotations: { ...HELM, "meta.helm.sh/release-name": "other" } }),
      deployment({ annotations: { ...HELM, "meta.helm.sh/release-namespace": "elsewhere" } }),
    ];
    assert.isUndefined(unrecordedRelease(others, RELEASE));
    assert.isUndefined(unrecordedRelease([], RELEASE));
  });
});
