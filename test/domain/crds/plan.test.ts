import { assert, describe, it } from "@effect/vitest";
import {
  CRD_GENERATION_ANNOTATION,
  CRD_HASH_ANNOTATION,
  confirmWithDryRun,
  countCrds,
  crdManifest,
  type LiveCrd,
  largestFirst,
  type PlannedCrd,
  planCrd,
  recordedManifest,
} from "../../../src/domain/crds/plan.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const BUNDLE = "gateway.networking.k8s.io/bundle-version";

const crd = (
  annotations: Readonly<Record<string, string>> = { [BUNDLE]: "v1.3.0" },
  spec: unknown = { scope: "Namespaced" },
): KubeObject => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "envoyproxies.gateway.envoyproxy.io", annotations },
  spec,
});

const manifest = crdManifest(crd());
/** The CRD as the API server has it after tare wrote it at `generation`. */
const written = (
  generation: number,
  annotations: Readonly<Record<string, string>> = {},
  of = manifest,
): LiveCrd => {
  const { metadata } = recordedManifest(of, generation);
  return {
    metadata: { ...metadata, generation, annotations: { ...metadata.annotations, ...annotations } },
  };
};
const foreign = (generation: number, annotations?: Readonly<Record<string, string>>): LiveCrd => ({
  metadata: {
    name: manifest.name,
    generation,
    ...(annotations === undefined ? {} : { annotations }),
  },
});

describe("a manifest's hash", () => {
  it("does not depend on the order of keys", () => {
    const shuffled = Object.fromEntries(Object.entries(crd()).reverse()) as unknown as KubeObject;
    assert.strictEqual(crdManifest(shuffled).sha256, manifest.sha256);
    assert.match(manifest.sha256, /^[0-9a-f]{64}$/);
    assert.strictEqual(manifest.name, "envoyproxies.gateway.envoyproxy.io");
  });

  it.each([
    ["the spec", crd(undefined, { scope: "Cluster" })],
    ["an annotation", crd({ [BUNDLE]: "v1.3.1" })],
  ])("changes with %s", (_, object) => {
    assert.notStrictEqual(crdManifest(object).sha256, manifest.sha256);
  });
});

describe("the order of the work", () => {
  it("begins with the largest, descriptions included", () => {
    const sized = (description: string) => crdManifest(crd({}, { description }));
    const [small, large, middle] = [sized("a"), sized("a".repeat(100)), sized("a".repeat(10))];
    assert.deepStrictEqual(
      largestFirst([small, large, middle], (one) => one),
      [large, middle, small],
    );
  });
});

describe("a CRD", () => {
  const SKIPPED = { _tag: "Skip", reason: "identical" } as const;

  it.each<[string, LiveCrd | undefined, PlannedCrd["verdict"]]>([
    ["that is not there is created", undefined, { _tag: "Create" }],
    ["that tare wrote and nobody touched is skipped", written(3), SKIPPED],
    [
      "whose spec was edited by hand is updated: its generation moved",
      { metadata: { ...written(3).metadata, generation: 4 } },
      { _tag: "Update" },
    ],
    [
      "whose annotation was edited by hand is updated",
      written(3, { [BUNDLE]: "v1.2.9" }),
      { _tag: "Update" },
    ],
    [
      "that gained annotations of others is skipped",
      written(3, { "example.com/note": "x", "kubectl.kubernetes.io/restartedAt": "y" }),
      SKIPPED,
    ],
    [
      "that tare wrote from another manifest is updated",
      written(3, {}, crdManifest(crd(undefined, { scope: "Cluster" }))),
      { _tag: "Update" },
    ],
    ["of somebody else without annotations is updated", foreign(1), { _tag: "Update" }],
    [
      "of somebody else with an older bundle is updated",
      foreign(1, { [BUNDLE]: "v1.2.1" }),
      { _tag: "Update" },
    ],
    [
      "of somebody else with the same bundle is updated",
      foreign(1, { [BUNDLE]: "v1.3.0" }),
      { _tag: "Update" },
    ],
    [
      "with a newer bundle is left alone, and both versions are named",
      foreign(1, { [BUNDLE]: "v1.10.0" }),
      { _tag: "Skip", reason: "newer", live: "v1.10.0", ours: "v1.3.0" },
    ],
    [
      "that a newer tare wrote is left alone",
      written(5, {}, crdManifest(crd({ [BUNDLE]: "v1.4.0" }))),
      { _tag: "Skip", reason: "newer", live: "v1.4.0", ours: "v1.3.0" },
    ],
    [
      "whose bundle nobody can read is updated",
      foreign(1, { [BUNDLE]: "latest" }),
      { _tag: "Update" },
    ],
    [
      "whose records were copied without a generation is updated",
      { metadata: { name: manifest.name, annotations: written(3).metadata.annotations ?? {} } },
      { _tag: "Update" },
    ],
  ])("%s", (_, live, verdict) => {
    assert.deepStrictEqual(planCrd(manifest, live), { manifest, live, verdict });
  });

  it.each([
    ["v1.3.0", "v1.3.0", false],
    ["v1.3.1", "v1.3.0", true],
    ["v1.2.9", "v1.3.0", false],
    ["v2.0.0", "v1.9.9", true],
    ["v1.9.0", "v1.10.0", false],
    ["1.4.0", "v1.3.0", true],
    ["v1.4.0-rc.1", "v1.3.0", true],
    ["v0.9.9", "v1.0.0", false],
  ])("live bundle %s against ours %s is newer: %s", (live, ours, newer) => {
    const planned = planCrd(crdManifest(crd({ [BUNDLE]: ours })), foreign(1, { [BUNDLE]: live }));
    assert.strictEqual(planned.verdict._tag === "Skip", newer);
  });

  it("of TARS itself has a bundle of its own", () => {
    const key = "tars.tetrate.ai/bundle-version";
    const planned = planCrd(crdManifest(crd({ [key]: "1.2.0" })), foreign(1, { [key]: "1.3.0" }));
    assert.deepStrictEqual(planned.verdict, {
      _tag: "Skip",
      reason: "newer",
      live: "1.3.0",
      ours: "1.2.0",
    });
  });

  it("without a bundle version of ours is never older", () => {
    const planned = planCrd(crdManifest(crd({})), foreign(1, { [BUNDLE]: "v9.0.0" }));
    assert.deepStrictEqual(planned.verdict, { _tag: "Update" });
  });
});

describe("the dry run", () => {
  const dryRun = (generation: number): KubeObject => ({
    ...crd(),
    metadata: { ...crd().metadata, generation },
  });

  it("that moves no generation makes an update of a CRD with our annotations a skip", () => {
    const planned = planCrd(manifest, foreign(7, { [BUNDLE]: "v1.3.0" }));
    assert.deepStrictEqual(confirmWithDryRun(planned, dryRun(7)).verdict, {
      _tag: "Skip",
      reason: "identical",
    });
  });

  it.each<[string, LiveCrd, number]>([
    ["that moves the generation confirms the update", foreign(7, { [BUNDLE]: "v1.3.0" }), 8],
    ["over a hand-edited annotation confirms the update", foreign(7, { [BUNDLE]: "v1.2.0" }), 7],
    ["over a missing annotation confirms the update", foreign(7), 7],
  ])("%s", (_, live, generation) => {
    const planned = planCrd(manifest, live);
    assert.deepStrictEqual(confirmWithDryRun(planned, dryRun(generation)), planned);
  });

  it("does not turn a creation into anything else", () => {
    const planned = planCrd(manifest, undefined);
    assert.strictEqual(confirmWithDryRun(planned, dryRun(1)), planned);
  });

  it("leaves a newer bundle's verdict as it is", () => {
    const planned = planCrd(manifest, foreign(1, { [BUNDLE]: "v2.0.0" }));
    assert.strictEqual(confirmWithDryRun(planned, dryRun(1)), planned);
  });
});

describe("what is written", () => {
  it("is the manifest with our records, and recognised the next time", () => {
    const object = recordedManifest(manifest, 4);
    assert.deepStrictEqual(object.metadata.annotations, {
      [BUNDLE]: "v1.3.0",
      [CRD_HASH_ANNOTATION]: manifest.sha256,
      [CRD_GENERATION_ANNOTATION]: "4",
    });
    assert.deepStrictEqual(object.spec, manifest.object.spec);
    const live = { metadata: { ...object.metadata, generation: 4 } };
    assert.deepStrictEqual(planCrd(manifest, live).verdict, { _tag: "Skip", reason: "identical" });
  });

  it("does not change the manifest it was made from", () => {
    const before = JSON.stringify(manifest);
    recordedManifest(manifest, 4);
    assert.strictEqual(JSON.stringify(manifest), before);
    assert.notProperty(manifest.object.metadata.annotations, CRD_HASH_ANNOTATION);
  });

  it("works for a manifest without annotations", () => {
    const bare: KubeObject = { ...crd(), metadata: { name: "x" } };
    assert.deepStrictEqual(
      Object.keys(recordedManifest(crdManifest(bare), 1).metadata.annotations ?? {}),
      [CRD_HASH_ANNOTATION, CRD_GENERATION_ANNOTATION],
    );
  });
});

describe("the counts", () => {
  it("put identical and newer CRDs together as skipped", () => {
    const plan = [
      planCrd(manifest, undefined),
      planCrd(manifest, undefined),
      planCrd(manifest, foreign(1)),
      planCrd(manifest, written(1)),
      planCrd(manifest, written(2)),
      planCrd(manifest, foreign(1, { [BUNDLE]: "v9.0.0" })),
    ];
    assert.deepStrictEqual(countCrds(plan), { created: 2, updated: 1, skipped: 3 });
  });

  it("of nothing are zero", () => {
    assert.deepStrictEqual(countCrds([]), { created: 0, updated: 0, skipped: 0 });
  });
});
