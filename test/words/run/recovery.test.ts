import { assert, describe, it } from "@effect/vitest";
import type { Revision, RevisionStatus } from "../../../src/domain/release/release.ts";
import { askToRecover, describeStuck, pendingStory } from "../../../src/words/run/recovery.ts";

const revision = (status: RevisionStatus): Revision => ({
  revision: 2,
  status,
  chart: "tars-1.1.0",
});

describe("the story of a pending revision", () => {
  it.each([
    ["pending-install", "the first installation that began an unknown time"],
    ["pending-upgrade", "an upgrade that began an unknown time"],
    ["pending-rollback", "a rollback that began an unknown time"],
  ] as const)("%s", (status, story) => {
    assert.strictEqual(
      pendingStory(revision(status)),
      `${story} is still running, or was killed before it could finish`,
    );
  });
});

describe("a release that is stuck", () => {
  const to = { ...revision("deployed"), revision: 1 };

  it("says how", () => {
    assert.match(
      describeStuck({ _tag: "Pending", revision: revision("pending-upgrade"), to }),
      /^revision 2 is pending-upgrade: an upgrade that began an unknown time is still running/,
    );
    assert.strictEqual(
      describeStuck({ _tag: "Undeployed", revision: revision("failed"), to }),
      "revision 2 is failed, and no revision is deployed",
    );
  });

  it("is asked about in two lines, whatever the cluster says", () => {
    const revised = { ...revision("pending-upgrade"), updated: "then\n\u001b[2J" };
    const question = askToRecover(
      { name: "tars", namespace: "tars-system" },
      { _tag: "Pending", revision: revised, to },
      { to, noun: "the upgrade" },
    );
    assert.deepStrictEqual(question.split("\n"), [
      "revision 2 is pending-upgrade: an upgrade that began then\\n\\u001b[2J is still running, or was killed before it could finish",
      "Roll back to revision 1 of release tars and continue with the upgrade?",
    ]);
  });
});
