import { assert, describe, it } from "@effect/vitest";
import { changedFields, imageChanges, rollOf } from "../../../src/domain/fields/object-change.ts";
import { fieldsOf, showValue } from "../../../src/domain/fields/object-diff.ts";
import { MASKED, shownWhole } from "../../../src/domain/fields/shown-value.ts";
import type { Json } from "../../../src/domain/kube/json.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const show = showValue(false, (text) => text);

const deployment = (spec: Json, metadata: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d", namespace: "n", ...metadata },
  spec,
});

const containers = (...all: ReadonlyArray<Json>): Json => ({
  template: { spec: { containers: all } },
});

describe("fields", () => {
  it("of named items go by their names, others by their place", () => {
    const object = deployment({ a: [{ name: "x", v: 1 }], b: [1, 2], c: [], d: {} });
    assert.deepStrictEqual(
      [...fieldsOf(object)].filter(([path]) => path.startsWith("spec")),
      [
        ["spec.a[x].name", "x"],
        ["spec.a[x].v", 1],
        ["spec.b[0]", 1],
        ["spec.b[1]", 2],
        ["spec.c", []],
        ["spec.d", {}],
      ],
    );
  });

  it("that Helm marks its own with are not the chart's, which a dry run takes away", () => {
    const annotations = {
      "meta.helm.sh/release-name": "tars",
      "meta.helm.sh/release-namespace": "tars-system",
    };
    const live = deployment(
      {},
      { annotations, labels: { "app.kubernetes.io/managed-by": "Helm" } },
    );
    const applied = deployment({});
    assert.deepStrictEqual(
      changedFields({ previous: applied, next: applied, live, applied }, show),
      [],
    );
  });

  it("of the server are nobody's", () => {
    const live = { ...deployment({}, { uid: "u", generation: 4 }), status: { ready: 1 } };
    assert.deepStrictEqual(fieldsOf(live), fieldsOf(deployment({})));
  });
});

describe("what Helm changes", () => {
  const image = (tag: string): Json => ({ name: "c", image: `c:${tag}` });

  it("is what the server would make different", () => {
    const [live, next] = [deployment(containers(image("1"))), deployment(containers(image("2")))];
    assert.deepStrictEqual(changedFields({ previous: live, next, live, applied: next }, show), [
      {
        path: "spec.template.spec.containers[c].image",
        before: shownWhole('"c:1"'),
        after: shownWhole('"c:2"'),
      },
    ]);
  });

  it("includes what the chart no longer mentions, though the server would leave it", () => {
    const previous = deployment({ paused: false, replicas: 2 });
    const next = deployment({ paused: false });
    assert.deepStrictEqual(
      changedFields({ previous, next, live: previous, applied: previous }, show),
      [{ path: "spec.replicas", before: shownWhole("2"), after: undefined }],
    );
  });

  it("leaves out what others added", () => {
    const asked = deployment({ a: 1 });
    const live = deployment({ a: 1, b: 2 }, { annotations: { by: "a controller" } });
    assert.deepStrictEqual(
      changedFields({ previous: asked, next: asked, live, applied: live }, show),
      [],
    );
  });

  it("does not take a mapping that was filled or emptied for one that went", () => {
    const states = (before: Json, after: Json) => {
      const [previous, next] = [deployment({ a: before }), deployment({ a: after })];
      return changedFields({ previous, next, live: previous, applied: next }, show);
    };
    assert.deepStrictEqual(states({}, { b: 1 }), [
      { path: "spec.a", before: shownWhole("{}"), after: undefined },
      { path: "spec.a.b", before: undefined, after: shownWhole("1") },
    ]);
    assert.strictEqual(states({ b: 1 }, { b: 1 }).length, 0);
  });
});

describe("values", () => {
  it("are masked by their path, by what they are of, and by what is known", () => {
    const known = showValue(true, (text) => text.replace("hush", "[redacted]"));
    assert.strictEqual(known("data.tls.crt", "x"), MASKED);
    assert.strictEqual(known("spec.password", "x"), MASKED);
    assert.deepStrictEqual(known("metadata.name", "hush"), shownWhole('"[redacted]"'));
    assert.isUndefined(known("spec.password", undefined));
    const long = known("metadata.name", "x".repeat(500));
    assert.isBelow(long?.text.length ?? 0, 130);
    assert.strictEqual(long?.value, "x".repeat(500));
  });

  it("are masked whole where a mask takes the JSON apart", () => {
    const known = showValue(false, (text) => text.replace('"hush"', "***"));
    assert.deepStrictEqual(known("metadata.name", "hush"), { text: "***", value: "***" });
  });

  it("keep their type for programs", () => {
    const value = { a: [1, null, { b: true }], "1": "x" };
    assert.deepStrictEqual(showValue(false, (text) => text)("spec.x", value)?.value, value);
  });
});

describe("pods", () => {
  const change = (...paths: ReadonlyArray<string>) =>
    ({
      action: "change",
      kind: "Deployment",
      namespace: "n",
      name: "d",
      fields: paths.map((path) => ({ path, before: shownWhole('"a"'), after: shownWhole('"b"') })),
    }) as const;

  it("are replaced when the template changes, not when something else does", () => {
    assert.isUndefined(rollOf(change("metadata.labels.x", "spec.replicas"), undefined));
    assert.deepInclude(rollOf(change("spec.template.a", "spec.template.b"), deployment({})), {
      pods: 1,
      why: { _tag: "Template", field: "a", more: 1 },
    });
    assert.strictEqual(rollOf(change("spec.template.a"), deployment({ replicas: 3 }))?.pods, 3);
  });

  it("bring images, each told once with all who use it", () => {
    const both = [change("spec.x.image"), { ...change("spec.y.image"), name: "e" }];
    assert.deepStrictEqual(imageChanges(both), [
      { before: "a", after: "b", usedBy: ["Deployment d", "Deployment e"] },
    ]);
  });

  it("bring images with names as long as registries have them", () => {
    const [long, longer] = [`${"r".repeat(130)}:1`, `${"r".repeat(130)}:2`];
    const show = showValue(false, (text) => text);
    const [before, after] = [show("spec.image", long), show("spec.image", longer)];
    const changed = { ...change(), fields: [{ path: "spec.image", before, after }] };
    assert.deepStrictEqual(imageChanges([changed]), [
      { before: long, after: longer, usedBy: ["Deployment d"] },
    ]);
  });
});
