import { assert, describe, it } from "@effect/vitest";
import type { Revision, RevisionStatus } from "../../../src/domain/release/release.ts";
import { describeStuck, pendingStory } from "../../../src/words/run/recovery.ts";

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
});
