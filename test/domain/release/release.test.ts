import { assert, describe, it } from "@effect/vitest";
import { Result, Schema } from "effect";
import {
  byRevision,
  chartName,
  chartVersion,
  deployedRevision,
  describesFailure,
  descriptionOf,
  History,
  isPending,
  lastGoodRevision,
  lastRevision,
  type Revision,
  type RevisionStatus,
  rollbackTarget,
} from "../../../src/domain/release/release.ts";

const rev = (revision: number, status: RevisionStatus, description?: string): Revision => ({
  revision,
  status,
  chart: "tars-1.0.0",
  ...(description === undefined ? {} : { description }),
});

const FAILED = 'Upgrade "tars" failed: context deadline exceeded';

describe("the order of revisions", () => {
  // As Secrets are listed: by name.
  const listed = [1, 10, 11, 2, 3, 9].map((n) => rev(n, n === 11 ? "deployed" : "superseded"));

  it("is by number, not by name", () => {
    assert.deepStrictEqual(
      byRevision(listed).map(({ revision }) => revision),
      [1, 2, 3, 9, 10, 11],
    );
    assert.strictEqual(lastRevision(listed)?.revision, 11);
    assert.strictEqual(deployedRevision(listed)?.revision, 11);
  });

  it("leaves the list it was given as it was", () => {
    byRevision(listed);
    assert.deepStrictEqual(
      listed.map(({ revision }) => revision),
      [1, 10, 11, 2, 3, 9],
    );
  });

  it("of nothing has no last one", () => {
    assert.isUndefined(lastRevision([]));
    assert.isUndefined(deployedRevision([]));
    assert.isUndefined(lastGoodRevision([], new Set()));
  });
});

it("of two deployed revisions the higher one counts", () => {
  const history = [rev(10, "deployed"), rev(9, "deployed"), rev(11, "failed", FAILED)];
  assert.strictEqual(deployedRevision(history)?.revision, 10);
});

it.each<[RevisionStatus, boolean]>([
  ["unknown", false],
  ["deployed", false],
  ["uninstalled", false],
  ["superseded", false],
  ["failed", false],
  ["uninstalling", false],
  ["pending-install", true],
  ["pending-upgrade", true],
  ["pending-rollback", true],
])("%s pending: %s", (status, pending) => {
  assert.strictEqual(isPending(rev(1, status)), pending);
});

describe("a description", () => {
  it.each([
    'Upgrade "tars" failed: context deadline exceeded',
    'Rollback "tars" failed: no ConfigMap with the name "tars-extra" found',
    'Release "tars" failed: context deadline exceeded',
    'Upgrade "tars" failed: pre-upgrade hooks failed: 1 error occurred:\n\t* job x failed: BackoffLimitExceeded\n\n',
  ])("%j tells of a failure", (description) => {
    assert.isTrue(describesFailure(rev(2, "superseded", description)));
  });

  it.each([
    undefined,
    "",
    "Install complete",
    "Upgrade complete",
    "Preparing upgrade",
    "Rollback to 1",
    "superseded by new release",
    'the change after Upgrade "tars" failed: fixed',
    "Upgrade tars failed: no quotes",
  ])("%j does not", (description) => {
    assert.isFalse(describesFailure(rev(2, "superseded", description)));
  });

  it.each<[string | undefined, number | undefined]>([
    ["Rollback to 1", 1],
    ["Rollback to 12", 12],
    ["Rollback to ", undefined],
    ["Rollback to 1 ", undefined],
    ["Rollback to 1.5", undefined],
    ["Rollback to -1", undefined],
    ["rollback to 1", undefined],
    ['Rollback "tars" failed: Rollback to 1', undefined],
    ["Upgrade complete", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%j names the restored revision %s", (description, target) => {
    assert.strictEqual(rollbackTarget(rev(3, "deployed", description)), target);
  });

  const noted = (description: string, target: number): Revision => ({
    ...rev(3, "deployed", description),
    rollback_revision: target,
  });

  it("of a rollback may be the operator's own, where Helm notes the revision", () => {
    assert.strictEqual(rollbackTarget(noted("the night of the outage", 1)), 1);
    assert.strictEqual(rollbackTarget(noted("Rollback to 2", 1)), 1);
    assert.isUndefined(rollbackTarget(noted('Rollback "tars" failed: timed out', 1)));
    assert.strictEqual(rollbackTarget(noted("Rollback to 2", 0)), 2);
  });

  it("that is the operator's own makes nothing good that was not", () => {
    const history = [
      rev(1, "superseded"),
      rev(2, "superseded", FAILED),
      { ...noted("because", 2), revision: 3 },
    ];
    assert.strictEqual(lastGoodRevision(history, new Set())?.revision, 1);
  });

  it("that Helm left out is empty", () => {
    assert.strictEqual(descriptionOf(rev(1, "deployed")), "");
  });
});

describe("the last good revision", () => {
  const none: ReadonlySet<number> = new Set();

  it.each<[string, History, ReadonlySet<number>, number | undefined]>([
    ["is the deployed one", [rev(1, "superseded"), rev(2, "deployed")], none, 2],
    [
      "is the deployed one even when a later one is superseded",
      [rev(1, "deployed"), rev(2, "superseded")],
      none,
      1,
    ],
    [
      "is not the failed attempt after it",
      [rev(1, "superseded"), rev(2, "deployed"), rev(3, "failed", FAILED)],
      none,
      2,
    ],
    [
      "with nothing deployed is the newest superseded one",
      [rev(1, "superseded"), rev(2, "superseded"), rev(3, "pending-upgrade", "Preparing upgrade")],
      none,
      2,
    ],
    [
      "is never one that failed and was superseded later",
      [rev(1, "superseded"), rev(2, "superseded", FAILED), rev(3, "pending-rollback")],
      none,
      1,
    ],
    [
      "is never one whose data plane did not pass",
      [rev(1, "superseded"), rev(2, "superseded"), rev(3, "deployed")],
      new Set([3, 2]),
      1,
    ],
    [
      "may be a superseded one when the deployed one is unproven",
      [rev(1, "superseded"), rev(2, "deployed")],
      new Set([2]),
      1,
    ],
    [
      "is found by number, not by the order of the list",
      [rev(1, "superseded"), rev(10, "superseded"), rev(2, "superseded"), rev(9, "superseded")],
      none,
      10,
    ],
    [
      "may be a rollback",
      [rev(1, "superseded"), rev(2, "failed", FAILED), rev(3, "deployed", "Rollback to 1")],
      none,
      3,
    ],
    [
      "is never a rollback to one that failed",
      [rev(1, "superseded"), rev(2, "superseded", FAILED), rev(3, "deployed", "Rollback to 2")],
      none,
      1,
    ],
    [
      "is never a rollback of a rollback to one that is unproven, though that is no longer kept",
      [
        rev(3, "superseded"),
        rev(4, "superseded", "Rollback to 2"),
        rev(5, "deployed", "Rollback to 4"),
      ],
      new Set([2]),
      3,
    ],
    [
      "does not follow a description that leads nowhere before it",
      [rev(1, "superseded"), rev(2, "deployed", "Rollback to 2")],
      none,
      2,
    ],
    ["is nobody when all failed", [rev(1, "failed", 'Release "tars" failed: x')], none, undefined],
    ["is nobody when all are unproven", [rev(1, "deployed")], new Set([1]), undefined],
    [
      "is never pending, uninstalled or unknown",
      [
        rev(1, "uninstalled", "Uninstallation complete"),
        rev(2, "unknown"),
        rev(3, "uninstalling"),
        rev(4, "pending-install"),
      ],
      none,
      undefined,
    ],
  ])("%s", (_, history, unproven, revision) => {
    assert.strictEqual(lastGoodRevision(history, unproven)?.revision, revision);
  });

  const Status = Schema.Literals(["deployed", "superseded", "failed", "pending-upgrade"]);
  it.prop(
    "is good, and no better one was passed over",
    [
      Schema.Array(Schema.Tuple([Status, Schema.Boolean, Schema.Boolean])).check(
        Schema.isMaxLength(8),
      ),
    ],
    ([revisions]) => {
      const history = revisions.map(([status, described], index) =>
        rev(index + 1, status, described ? FAILED : "Upgrade complete"),
      );
      const unproven = new Set(revisions.flatMap(([, , bad], index) => (bad ? [index + 1] : [])));
      const good = lastGoodRevision(history, unproven);
      const candidates = history.filter(
        (r) =>
          ["deployed", "superseded"].includes(r.status) &&
          r.description !== FAILED &&
          !unproven.has(r.revision),
      );
      if (good === undefined) {
        assert.deepStrictEqual(candidates, []);
        return;
      }
      assert.include(candidates, good);
      for (const other of candidates) {
        if (other.status === good.status) assert.isAtMost(other.revision, good.revision);
        if (other.status === "deployed") assert.strictEqual(good.status, "deployed");
      }
    },
  );
});

describe("a chart's name and version", () => {
  it.each([
    ["tars-1.2.3", "tars", "1.2.3"],
    ["tars-data-plane-1.2.3", "tars-data-plane", "1.2.3"],
    ["tars-v1.2.3", "tars", "v1.2.3"],
    ["tars-1.2.3-rc.1", "tars", "1.2.3-rc.1"],
    ["tars-1.2.3-rc-1.x-y", "tars", "1.2.3-rc-1.x-y"],
    ["tars-1.2.3+build.5", "tars", "1.2.3+build.5"],
    ["tars-1.2.3-beta.2+sha.0a-1", "tars", "1.2.3-beta.2+sha.0a-1"],
    ["tars-2-1.0.0", "tars-2", "1.0.0"],
    ["tars-v2-1.0.0", "tars-v2", "1.0.0"],
    ["t4rs-10.20.30", "t4rs", "10.20.30"],
    ["tars-0.0.0-20260101", "tars", "0.0.0-20260101"],
    ["tars-1.1", "tars", "1.1"],
    ["tars-1", "tars", "1"],
    ["tars-v1", "tars", "v1"],
    ["tars-1.1-rc.1", "tars", "1.1-rc.1"],
    ["tars-data-plane-2+build.1", "tars-data-plane", "2+build.1"],
  ])("%s", (chart, name, version) => {
    const revision: Revision = { revision: 1, status: "deployed", chart };
    assert.strictEqual(chartName(revision), name);
    assert.strictEqual(chartVersion(revision), version);
  });

  it("without a version it is taken whole", () => {
    const revision: Revision = { revision: 1, status: "deployed", chart: "tars" };
    assert.strictEqual(chartName(revision), "tars");
    assert.strictEqual(chartVersion(revision), "tars");
  });

  const Part = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 }));
  it.prop(
    "joined with a hyphen are split again",
    [
      Schema.String.check(Schema.isPattern(/^[a-z][a-z0-9]{0,5}(?:-[a-z][a-z0-9]{0,5}){0,2}$/)),
      Part,
      Part,
      Part,
      Schema.Literals(["", "-rc.1", "-alpha-2", "+build.7", "-rc.1+b-2"]),
    ],
    ([name, major, minor, patch, rest]) => {
      const version = `${major}.${minor}.${patch}${rest}`;
      const revision: Revision = { revision: 1, status: "deployed", chart: `${name}-${version}` };
      assert.deepStrictEqual([chartName(revision), chartVersion(revision)], [name, version]);
    },
  );
});

describe("the history as Helm prints it", () => {
  const decode = Schema.decodeUnknownResult(Schema.fromJsonString(History));

  it.each([
    [
      "3",
      '[{"revision":1,"updated":"2026-11-22T18:05:35.532220452Z","status":"superseded","chart":"tars-0.1.0","app_version":"1.0","description":"Install complete"},{"revision":2,"updated":"2026-11-22T18:06:35Z","status":"deployed","chart":"tars-0.2.0","app_version":"1.0","description":"Upgrade complete"}]',
      [1, 2],
    ],
    [
      "4, which may leave out the time",
      '[{"revision":7,"status":"pending-upgrade","chart":"tars-0.1.0","description":"Preparing upgrade"}]',
      [7],
    ],
    ["any, when there is nothing", "[]", []],
  ])("by %s is read", (_, text, revisions) => {
    assert.deepStrictEqual(
      Result.getOrThrow(decode(text)).map(({ revision }) => revision),
      revisions,
    );
  });

  it.each([
    "unknown",
    "deployed",
    "uninstalled",
    "superseded",
    "failed",
    "uninstalling",
    "pending-install",
    "pending-upgrade",
    "pending-rollback",
  ])("may say %s", (status) => {
    const text = JSON.stringify([{ revision: 1, status, chart: "tars-1.0.0" }]);
    assert.strictEqual(Result.getOrThrow(decode(text))[0]?.status as string, status);
  });

  it.each([
    "null",
    "{}",
    '[{"revision":"1","status":"deployed","chart":"c"}]',
    '[{"revision":1,"status":"lost","chart":"c"}]',
    '[{"revision":1.5,"status":"deployed","chart":"c"}]',
    '[{"revision":1,"status":"deployed"}]',
    "Error: release: not found",
  ])("but not %s", (text) => {
    assert.isTrue(Result.isFailure(decode(text)));
  });
});
