import { assert, describe, it } from "@effect/vitest";
import { deletionOf } from "../../../src/domain/checks/terminating.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const namespace = (metadata: object, ...conditions: ReadonlyArray<object>): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "ns", ...metadata },
  status: { conditions },
});
const SINCE = { deletionTimestamp: "2026-01-01T00:00:00Z" };
const condition = (type: string, status: string, message: string) => ({ type, status, message });

describe("what is being deleted", () => {
  it.each([
    [namespace({}), undefined],
    [namespace(SINCE), { since: SINCE.deletionTimestamp, finalizers: [], waitsFor: [] }],
    [
      namespace({ ...SINCE, finalizers: ["a/b", "c"] }),
      { since: SINCE.deletionTimestamp, finalizers: ["a/b", "c"], waitsFor: [] },
    ],
    [
      namespace(
        SINCE,
        condition("NamespaceContentRemaining", "True", "pods. has 2 resource instances"),
        condition("NamespaceDeletionContentFailure", "False", "all went well"),
      ),
      {
        since: SINCE.deletionTimestamp,
        finalizers: [],
        waitsFor: ["pods. has 2 resource instances"],
      },
    ],
  ])("%j", (object, expected) => {
    assert.deepStrictEqual(deletionOf(object), expected);
  });
});
