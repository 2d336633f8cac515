import { assert, describe, it } from "@effect/vitest";
import { Gateway } from "../../../src/domain/kube/objects.ts";
import {
  describeHusk,
  describeInstalledMeanwhile,
  describeRemovalTrouble,
} from "../../../src/words/install/removal.ts";

describe("a removal that did not come to its end", () => {
  const ref = { type: Gateway, name: "egress", namespace: "tars-dataplane" };

  it.each([
    [{ _tag: "Said", text: "timed out" }, "timed out"],
    [{ _tag: "HelmSignalled" }, "helm uninstall was ended by a signal"],
    [
      { _tag: "ReleaseUnread", detail: "forbidden" },
      "the release could not be read afterwards: forbidden",
    ],
    [{ _tag: "RecordsLeft", count: 2 }, "Helm still has 2 records of it"],
    [{ _tag: "ObjectsLeft", objects: [ref] }, "still there: Gateway tars-dataplane/egress"],
  ] as const)("is told: %j", (trouble, expected) => {
    assert.strictEqual(describeRemovalTrouble(trouble), expected);
  });

  it("is of something", () => {
    assert.strictEqual(
      describeHusk({ revision: 1, status: "failed" }),
      "revision 1 is failed, and never worked",
    );
    assert.include(describeInstalledMeanwhile({ name: "tars", namespace: "s" }), "release tars");
  });
});
