import { assert, describe, it } from "@effect/vitest";
import type { HelmReason } from "../../../src/domain/helm/outcome.ts";
import type { RestoreFailure } from "../../../src/domain/helm/restore-failure.ts";
import type { Unsuitability } from "../../../src/domain/tools/version.ts";
import { describeHelmReason } from "../../../src/words/helm/reasons.ts";
import { describeRestoreFailure } from "../../../src/words/helm/restore-failure.ts";
import { describeUnsuitable } from "../../../src/words/tools/unsuitable.ts";

describe("why an upgrade did not end well", () => {
  it.each<[HelmReason, string]>([
    [{ _tag: "Said", text: "timed out" }, "timed out"],
    [{ _tag: "Silent" }, "helm gave no reason"],
    [
      { _tag: "AnswerLost", revision: 2 },
      "the answer to Helm's first write was lost: it took revision 2, which it had written itself, for another operation's",
    ],
    [{ _tag: "ClusterGone" }, "helm ended, and then the cluster could not be reached"],
  ])("%j", (reason, words) => {
    assert.strictEqual(describeHelmReason(reason), words);
  });
});

describe("why a release was not brought back", () => {
  it.each<[RestoreFailure, string]>([
    [{ _tag: "Said", text: "no" }, "no"],
    [{ _tag: "HelmSignalled" }, "helm rollback was ended by a signal"],
    [{ _tag: "NoGoodRevision" }, "no earlier revision is known to be good"],
    [
      { _tag: "ReleaseUnread", detail: "no route" },
      "the release could not be read afterwards: no route",
    ],
    [
      { _tag: "ManifestUnread", detail: "no route" },
      "what was to be restored could not be read: no route",
    ],
    [
      { _tag: "ObjectsLeft", detail: "forbidden" },
      "not everything could be brought back: forbidden",
    ],
    [
      { _tag: "OtherRevision", revision: 4, status: "failed", wanted: 2 },
      "revision 4 is failed, not a rollback to 2",
    ],
    [
      { _tag: "DataPlaneDown", why: { _tag: "Unstable" } },
      "the data plane did not come back: the data plane is ready but has not been stable long enough",
    ],
  ])("%j", (failure, words) => {
    assert.strictEqual(describeRestoreFailure(failure), words);
  });
});

describe("why a tool is not used", () => {
  it.each<[Unsuitability, string]>([
    [{ _tag: "NoVersion" }, "it does not tell its version"],
    [
      { _tag: "Unsupported", version: "v2.17.0" },
      "v2.17.0 is not supported; Helm 3 or 4 is needed",
    ],
    [
      { _tag: "KnownBad", version: "v4.1.0", flaw: "rollback-fails" },
      "v4.1.0 is known to be bad: its rollback fails when the new chart dropped an object (helm/helm#32244)",
    ],
    [
      { _tag: "KnownBad", version: "v4.2.1", flaw: "wait-hangs" },
      "v4.2.1 is known to be bad: waiting can hang for the whole timeout (helm/helm#32214)",
    ],
  ])("%j", (why, words) => {
    assert.strictEqual(describeUnsuitable(why), words);
  });
});
