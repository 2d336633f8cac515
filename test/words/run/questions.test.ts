import { assert, describe, it } from "@effect/vitest";
import { describeQuestion } from "../../../src/words/run/questions.ts";

const release = { name: "tars", namespace: "tars-system" };
const HOSTILE = "then\n\u001b[2J";

describe("a question", () => {
  it("of an installation names the release and the place", () => {
    assert.strictEqual(
      describeQuestion({ _tag: "Install", release }),
      "Install release tars in tars-system?",
    );
  });

  it("of a removal says what is in the way", () => {
    assert.strictEqual(
      describeQuestion({ _tag: "RemoveHusk", release, revision: 1, status: "failed" }),
      "Release tars: revision 1 is failed, and never worked. Remove what there is of it, then install?",
    );
  });

  it("of a recovery has two lines, whatever the cluster says", () => {
    const revision = { revision: 2, status: "pending-upgrade", chart: "tars-1.1.0" } as const;
    const question = describeQuestion({
      _tag: "Recover",
      release,
      stuck: { _tag: "Pending", revision: { ...revision, updated: HOSTILE }, to: undefined },
      to: 1,
      noun: "the upgrade",
    });
    assert.deepStrictEqual(question.split("\n"), [
      "revision 2 is pending-upgrade: an upgrade that began then\\n\\u001b[2J is still running, or was killed before it could finish",
      "Roll back to revision 1 of release tars and continue with the upgrade?",
    ]);
  });
});
