import { assert, describe, it } from "@effect/vitest";
import { quotaShortfalls, recordsToCome } from "../../../src/domain/checks/object-room.ts";
import {
  ConfigMap,
  Deployment,
  type KubeObject,
  Secret,
} from "../../../src/domain/kube/objects.ts";

describe("records to come", () => {
  it.each([
    [1, true, 10, 2],
    [1, false, 10, 1],
    [8, true, 10, 2],
    [9, true, 10, 1],
    [10, true, 10, 0],
    [12, true, 10, 0],
    [1, true, 2, 1],
    [1, true, 1, 0],
    [40, true, 0, 2],
  ])("of %d, atomic %s, at most %d: %d more", (records, atomic, maxHistory, expected) => {
    assert.strictEqual(recordsToCome(records, { atomic, maxHistory }), expected);
  });
});

describe("room in a quota", () => {
  const quota = (hard: object, used: object, spec: object = {}): KubeObject => ({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "tenant", namespace: "tars-system" },
    spec,
    status: { hard, used },
  });
  const two = { namespace: "tars-system", type: Secret, count: 2 };
  const short = (one: KubeObject, coming = [two]) =>
    quotaShortfalls([one], coming).map(({ resource, needed }) => `${resource} ${needed}`);

  it.each([
    [quota({ secrets: "10" }, { secrets: "9" }), ["secrets 2"]],
    [quota({ "count/secrets": "10" }, { "count/secrets": "9" }), ["count/secrets 2"]],
    [quota({ secrets: "10" }, { secrets: "8" }), []],
    [quota({ configmaps: "1" }, { configmaps: "1" }), []],
    [quota({ secrets: "10" }, {}), []],
    [quota({ secrets: "10" }, { secrets: "9" }, { scopes: ["NotTerminating"] }), []],
  ])("%j", (one, expected) => {
    assert.deepStrictEqual(short(one), expected);
  });

  it("is for everything together, in that namespace", () => {
    const one = { ...two, count: 1 };
    const full = quota({ secrets: "10" }, { secrets: "8" });
    assert.deepStrictEqual(short(full, [two, one]), ["secrets 3"]);
    assert.deepStrictEqual(short(full, [two, { ...one, namespace: "elsewhere" }]), []);
    assert.deepStrictEqual(short(full, [two, { ...one, type: ConfigMap }]), []);
  });

  it("knows the kinds of other groups by their whole name", () => {
    const full = quota({ "count/deployments.apps": "2" }, { "count/deployments.apps": "2" });
    assert.deepStrictEqual(short(full, [{ ...two, type: Deployment, count: 1 }]), [
      "count/deployments.apps 1",
    ]);
  });
});
