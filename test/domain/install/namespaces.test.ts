import { assert, describe, it } from "@effect/vitest";
import { namespaceToApply } from "../../../src/domain/install/namespaces.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const ENFORCE = "pod-security.kubernetes.io/enforce";
const live = (labels?: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "tars-system", ...(labels === undefined ? {} : { labels }) },
});
const wanted = (more: Partial<Parameters<typeof namespaceToApply>[0]>) =>
  namespaceToApply({
    name: "tars-system",
    madeFor: { name: "tars", namespace: "sys" },
    live: undefined,
    isInUse: false,
    ownedBy: undefined,
    ...more,
  });

describe("a namespace", () => {
  it("that is not there is made with a level of Pod Security", () => {
    assert.deepStrictEqual(wanted({})?.metadata, {
      name: "tars-system",
      labels: { [ENFORCE]: "baseline" },
      annotations: { "tars.io/made-for": "sys/tars" },
    });
  });

  it("that the release has among its objects is marked as Helm marks its own", () => {
    assert.deepStrictEqual(wanted({ ownedBy: { name: "tars", namespace: "sys" } })?.metadata, {
      name: "tars-system",
      labels: { [ENFORCE]: "baseline", "app.kubernetes.io/managed-by": "Helm" },
      annotations: {
        "tars.io/made-for": "sys/tars",
        "meta.helm.sh/release-name": "tars",
        "meta.helm.sh/release-namespace": "sys",
      },
    });
  });

  it("that is there, and empty, is given one and nothing else", () => {
    const ownedBy = { name: "tars", namespace: "sys" };
    assert.deepStrictEqual(wanted({ live: live({ team: "a" }), ownedBy })?.metadata, {
      name: "tars-system",
      labels: { [ENFORCE]: "baseline" },
    });
  });

  it.each(["privileged", "baseline", "restricted"])("keeps its level: %s", (level) => {
    assert.isUndefined(wanted({ live: live({ [ENFORCE]: level }) }));
  });

  it("in which others run is left as it is", () => {
    assert.isUndefined(wanted({ live: live(), isInUse: true }));
  });
});
