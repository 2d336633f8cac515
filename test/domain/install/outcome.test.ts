import { assert, describe, it } from "@effect/vitest";
import { said } from "../../../src/domain/helm/outcome.ts";
import { installOutcome } from "../../../src/domain/install/outcome.ts";
import type { Revision } from "../../../src/domain/release/release.ts";

const revision = (number: number, status: Revision["status"], description = ""): Revision => ({
  ...{ revision: number, status, description },
  chart: "tars-1.2.0",
});
const REMOVED =
  "release tars failed, and has been uninstalled due to atomic being set: context deadline exceeded";

describe("after a Helm that was to install", () => {
  it("a deployed record is an installation", () => {
    assert.deepStrictEqual(installOutcome([], [revision(1, "deployed")], ""), {
      _tag: "Installed",
      revision: 1,
    });
  });

  it("no record is nothing left, be it removed or never written", () => {
    assert.deepStrictEqual(installOutcome([], [], REMOVED), {
      _tag: "Gone",
      reason: said("context deadline exceeded"),
    });
    assert.deepStrictEqual(installOutcome([], [], "failed to fetch the chart"), {
      _tag: "Gone",
      reason: said("failed to fetch the chart"),
    });
    const before = [revision(3, "uninstalled")];
    assert.deepInclude(installOutcome(before, [], REMOVED), { _tag: "Gone" });
    assert.deepInclude(installOutcome(before, before, "no"), { _tag: "Gone", reason: said("no") });
  });

  it("a failed record is a failure, told without what Helm wraps it in", () => {
    const failed = revision(1, "failed", 'Release "tars" failed: context deadline exceeded');
    assert.deepStrictEqual(installOutcome([], [failed], "whatever"), {
      _tag: "Failed",
      revision: 1,
      reason: said("context deadline exceeded"),
    });
  });

  it("a record that stayed pending is a failure, though Helm says that all is well", () => {
    assert.deepStrictEqual(installOutcome([], [revision(1, "pending-install")], ""), {
      _tag: "Failed",
      revision: 1,
      reason: { _tag: "LeftUnfinished", status: "pending-install" },
    });
  });
});
