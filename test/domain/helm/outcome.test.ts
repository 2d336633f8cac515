import { assert, describe, it } from "@effect/vitest";
import {
  type HelmOutcome,
  helmOutcome,
  inHelmsWay,
  said,
} from "../../../src/domain/helm/outcome.ts";
import { helmErrorText } from "../../../src/domain/helm/stderr.ts";
import type { History, Revision, RevisionStatus } from "../../../src/domain/release/release.ts";

const STATUS: Readonly<Record<string, RevisionStatus>> = {
  D: "deployed",
  S: "superseded",
  F: "failed",
  Pu: "pending-upgrade",
  Pr: "pending-rollback",
  Pi: "pending-install",
  U: "uninstalled",
};

/** `1 D Install complete`: number, status, description. The time belongs to the installation and the number. */
const rev = (text: string, installation = "first"): Revision => {
  const match = /^(\d+) (\w+) ?(.*)$/s.exec(text) ?? assert.fail(text);
  return {
    revision: Number(match[1]),
    status: STATUS[match[2] as string] ?? assert.fail(text),
    description: match[3] as string,
    chart: "tars-1.0.0",
    updated: `${installation}-${match[1]}`,
  };
};
// As Helm may list them: in no order to rely on.
const history = (...revisions: ReadonlyArray<string>): History =>
  revisions.map((text) => rev(text)).reverse();

const NOT_READY =
  "resource Deployment/default/tars-dp not ready. status: InProgress, message: Available: 0/2";

/** How the two majors say the same things. */
const MAJORS = [
  {
    helm: "Helm 3",
    noise: "",
    atomic: "atomic",
    cause: "context deadline exceeded",
    reason: "context deadline exceeded",
    hook: "pre-upgrade hooks failed: 1 error occurred:\n\t* job tars-pre-upgrade failed: BackoffLimitExceeded\n\n",
    dropped: 'no ConfigMap with the name "tars-extra" found',
    unreachable:
      "Kubernetes cluster unreachable: the server is currently unable to handle the request",
  },
  {
    helm: "Helm 4",
    noise: `Flag --atomic has been deprecated, use --rollback-on-failure instead\nlevel=WARN msg="upgrade failed" name=tars error="${NOT_READY}\\ncontext deadline exceeded"\n`,
    atomic: "rollback-on-failure",
    cause: `${NOT_READY}\ncontext deadline exceeded`,
    reason: `${NOT_READY}; context deadline exceeded`,
    hook: "pre-upgrade hooks failed: resource Job/default/tars-pre-upgrade not ready. status: Failed, message: Job Failed. failed: 7/1",
    dropped: 'original object ConfigMap with the name "tars-extra" not found',
    unreachable:
      "kubernetes cluster unreachable: the server is currently unable to handle the request",
  },
] as const;

describe.each(MAJORS)("$helm", ({ noise, atomic, cause, reason, hook, dropped, unreachable }) => {
  const decide = (before: History, after: History, error: string): HelmOutcome =>
    helmOutcome(before, after, error === "" ? "" : helmErrorText(`${noise}Error: ${error}\n`));

  const START = history("1 D Install complete");
  const rolledBack = (why: string) =>
    `UPGRADE FAILED: release tars failed, and has been rolled back due to ${atomic} being set: ${why}`;
  const rollbackFailed = (why: string) =>
    `UPGRADE FAILED: an error occurred while rolling back the release. original upgrade error: ${cause}: ${why}`;

  const SCHEMA_ERROR =
    "values don't meet the specifications of the schema(s) in the following chart(s):\ndemo:\n- replicas: bad\n";
  const DENIED = `deployments.apps "tars-dp" is forbidden: User "u" cannot patch resource`;

  const rows: ReadonlyArray<readonly [string, History, History, string, HelmOutcome]> = [
    [
      "success",
      START,
      history("1 S Install complete", "2 D Upgrade complete"),
      "",
      { _tag: "Upgraded", revision: 2 },
    ],
    [
      "success beside a record that holds a copy of the new revision",
      START,
      history("1 S Install complete", "2 D Upgrade complete", "2 D Upgrade complete"),
      "",
      { _tag: "Upgraded", revision: 2 },
    ],
    [
      "success whose old revision could not be marked superseded",
      START,
      history("1 D Install complete", "2 D Upgrade complete"),
      "",
      { _tag: "Upgraded", revision: 2 },
    ],
    [
      "success, and then its output could not be printed",
      START,
      history("1 S Install complete", "2 D Upgrade complete"),
      "helm exited with code 141",
      { _tag: "Upgraded", revision: 2 },
    ],
    [
      "a schema error before anything was written",
      START,
      START,
      `UPGRADE FAILED: ${SCHEMA_ERROR}`,
      {
        _tag: "NotStarted",
        reason: said(
          "values don't meet the specifications of the schema(s) in the following chart(s):; demo:; replicas: bad",
        ),
      },
    ],
    [
      "a chart that cannot be found",
      START,
      START,
      'path "./nope" not found',
      { _tag: "NotStarted", reason: said('path "./nope" not found') },
    ],
    [
      "an object of somebody else",
      START,
      START,
      'UPGRADE FAILED: Unable to continue with update: ConfigMap "x" in namespace "n" exists and cannot be imported into the current release: invalid ownership metadata',
      {
        _tag: "NotStarted",
        reason: said(
          'Unable to continue with update: ConfigMap "x" in namespace "n" exists and cannot be imported into the current release: invalid ownership metadata',
        ),
      },
    ],
    [
      "an unreachable cluster",
      START,
      START,
      unreachable,
      { _tag: "NotStarted", reason: said(unreachable) },
    ],
    [
      "a record that is refused",
      START,
      START,
      'UPGRADE FAILED: create: failed to create: secrets is forbidden: User "u" cannot create resource "secrets"',
      {
        _tag: "NotStarted",
        reason: said(
          'create: failed to create: secrets is forbidden: User "u" cannot create resource "secrets"',
        ),
      },
    ],
    [
      "a wait that times out, left in place",
      START,
      history("1 D Install complete", `2 F Upgrade "tars" failed: ${cause}`),
      `UPGRADE FAILED: ${cause}`,
      { _tag: "Failed", revision: 2, reason: said(reason) },
    ],
    [
      "…then a good upgrade",
      history("1 D Install complete", `2 F Upgrade "tars" failed: ${cause}`),
      history(
        "1 S Install complete",
        `2 F Upgrade "tars" failed: ${cause}`,
        "3 D Upgrade complete",
      ),
      "",
      { _tag: "Upgraded", revision: 3 },
    ],
    [
      "a hook that fails, left in place",
      START,
      history("1 D Install complete", `2 F Upgrade "tars" failed: ${hook}`),
      `UPGRADE FAILED: ${hook}`,
      {
        _tag: "Failed",
        revision: 2,
        reason: said(hook.replace("1 error occurred:\n\t* ", "").trim()),
      },
    ],
    [
      "the same failure, atomic",
      START,
      history("1 S Install complete", `2 F Upgrade "tars" failed: ${cause}`, "3 D Rollback to 1"),
      rolledBack(cause),
      { _tag: "RolledBack", revision: 2, reason: said(reason), restored: 1, deployed: 3 },
    ],
    [
      "…again an atomic failure",
      history("1 S Install complete", `2 F Upgrade "tars" failed: ${cause}`, "3 D Rollback to 1"),
      history(
        "1 S Install complete",
        `2 F Upgrade "tars" failed: ${cause}`,
        "3 S Rollback to 1",
        `4 F Upgrade "tars" failed: ${cause}`,
        "5 D Rollback to 3",
      ),
      rolledBack(cause),
      { _tag: "RolledBack", revision: 4, reason: said(reason), restored: 3, deployed: 5 },
    ],
    [
      "atomic, the rollback's wait fails",
      START,
      history(
        "1 D Install complete",
        `2 F Upgrade "tars" failed: ${cause}`,
        `3 F Release "tars" failed: ${cause}`,
      ),
      rollbackFailed(`release tars failed: ${cause}`),
      {
        _tag: "Broken",
        revision: 2,
        reason: said(reason),
      },
    ],
    [
      "atomic, the rollback's apply fails",
      START,
      history(
        "1 D Install complete",
        `2 S Upgrade "tars" failed: ${cause}`,
        `3 F Rollback "tars" failed: ${DENIED}`,
      ),
      rollbackFailed(DENIED),
      {
        _tag: "Broken",
        revision: 2,
        reason: said(reason),
      },
    ],
    [
      "atomic, the new chart dropped an object",
      START,
      history(
        "1 D Install complete",
        `2 S Upgrade "tars" failed: ${cause}`,
        `3 F Rollback "tars" failed: ${dropped}`,
      ),
      rollbackFailed(dropped),
      {
        _tag: "Broken",
        revision: 2,
        reason: said(reason),
      },
    ],
    [
      "…the next atomic failure after that goes to the broken revision, and says so",
      history(
        "1 D Install complete",
        `2 S Upgrade "tars" failed: ${cause}`,
        `3 F Rollback "tars" failed: ${DENIED}`,
      ),
      history(
        "1 S Install complete",
        `2 S Upgrade "tars" failed: ${cause}`,
        `3 F Rollback "tars" failed: ${DENIED}`,
        `4 F Upgrade "tars" failed: ${cause}`,
        "5 D Rollback to 2",
      ),
      rolledBack(cause),
      { _tag: "RolledBack", revision: 4, reason: said(reason), restored: 2, deployed: 5 },
    ],
    [
      "atomic, a rollback hook fails",
      START,
      history("1 D Install complete", `2 F Upgrade "tars" failed: ${cause}`, "3 Pr Rollback to 1"),
      rollbackFailed("1 error occurred:\n\t* job tars-pre-rollback failed: BackoffLimitExceeded\n"),
      { _tag: "Broken", revision: 2, reason: said(reason) },
    ],
    [
      "atomic, the API is down when it fails",
      START,
      history("1 D Install complete", "2 Pu Preparing upgrade"),
      `UPGRADE FAILED: an error occurred while finding last successful release. original upgrade error: ${cause}: ${unreachable}`,
      {
        _tag: "Broken",
        revision: 2,
        reason: said(`${reason}: ${unreachable}`),
      },
    ],
    [
      "atomic, the final record of the rollback fails",
      START,
      history("1 S Install complete", `2 F Upgrade "tars" failed: ${cause}`, "3 Pr Rollback to 1"),
      rollbackFailed("update: failed to update: etcdserver: request timed out"),
      { _tag: "Broken", revision: 2, reason: said(reason) },
    ],
    [
      "success whose final record fails",
      START,
      history("1 S Install complete", "2 Pu Preparing upgrade"),
      "UPGRADE FAILED: update: failed to update: etcdserver: request timed out",
      {
        _tag: "Broken",
        revision: 2,
        reason: said("update: failed to update: etcdserver: request timed out"),
      },
    ],
    [
      "a signal during the wait, not atomic",
      START,
      history("1 D Install complete", '2 F Upgrade "tars" failed: context canceled'),
      "UPGRADE FAILED: context canceled",
      { _tag: "Failed", revision: 2, reason: said("context canceled") },
    ],
    [
      "a signal during the wait, atomic",
      START,
      history(
        "1 S Install complete",
        '2 F Upgrade "tars" failed: context canceled',
        "3 D Rollback to 1",
      ),
      rolledBack("context canceled"),
      {
        _tag: "RolledBack",
        revision: 2,
        reason: said("context canceled"),
        restored: 1,
        deployed: 3,
      },
    ],
    [
      "Helm killed during the upgrade",
      START,
      history("1 D Install complete", "2 Pu Preparing upgrade"),
      "helm was ended by a signal",
      {
        _tag: "Broken",
        revision: 2,
        reason: said("helm was ended by a signal"),
      },
    ],
    [
      "Helm killed during its rollback",
      START,
      history("1 D Install complete", `2 F Upgrade "tars" failed: ${cause}`, "3 Pr Rollback to 1"),
      "helm was ended by a signal",
      { _tag: "Broken", revision: 2, reason: said(reason) },
    ],
    [
      "locked by a revision that was there before",
      history("1 D Install complete", "2 Pu Preparing upgrade"),
      history("1 D Install complete", "2 Pu Preparing upgrade"),
      "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
      {
        _tag: "Locked",
        reason: said("another operation (install/upgrade/rollback) is in progress"),
      },
    ],
    [
      "…then rolled back by hand and upgraded",
      history("1 S Install complete", "2 Pu Preparing upgrade", "3 D Rollback to 1"),
      history(
        "1 S Install complete",
        "2 Pu Preparing upgrade",
        "3 S Rollback to 1",
        "4 D Upgrade complete",
      ),
      "",
      { _tag: "Upgraded", revision: 4 },
    ],
    [
      "after a failed first install, a failure with nothing to go back to",
      history(`1 F Release "tars" failed: ${cause}`),
      history(`1 F Release "tars" failed: ${cause}`, `2 F Upgrade "tars" failed: ${cause}`),
      `UPGRADE FAILED: unable to find a previously successful release when attempting to rollback. original upgrade error: ${cause}`,
      { _tag: "Failed", revision: 2, reason: said(reason) },
    ],
    [
      "…then a good one",
      history(`1 F Release "tars" failed: ${cause}`, `2 F Upgrade "tars" failed: ${cause}`),
      history(
        `1 F Release "tars" failed: ${cause}`,
        `2 S Upgrade "tars" failed: ${cause}`,
        "3 D Upgrade complete",
      ),
      "",
      { _tag: "Upgraded", revision: 3 },
    ],
    [
      "a history that was pruned on the way",
      history("4 S Upgrade complete", "5 S Upgrade complete", "6 D Upgrade complete"),
      history("6 S Upgrade complete", "7 D Upgrade complete"),
      "",
      { _tag: "Upgraded", revision: 7 },
    ],
    [
      "a history whose failed newest revision was pruned on the way",
      history("5 D Upgrade complete", `6 F Upgrade "tars" failed: ${cause}`),
      history("5 S Upgrade complete", "7 D Upgrade complete"),
      "",
      { _tag: "Upgraded", revision: 7 },
    ],
    [
      "a release that was reinstalled with its history kept, long ago",
      history("1 S superseded by new release", "2 D Install complete"),
      history("1 S superseded by new release", "2 S Install complete", "3 D Upgrade complete"),
      "",
      { _tag: "Upgraded", revision: 3 },
    ],
    [
      "ten and more revisions",
      history("9 S Upgrade complete", "10 D Upgrade complete"),
      history(
        "9 S Upgrade complete",
        "10 S Upgrade complete",
        `11 F Upgrade "tars" failed: ${cause}`,
        "12 D Rollback to 10",
      ),
      rolledBack(cause),
      { _tag: "RolledBack", revision: 11, reason: said(reason), restored: 10, deployed: 12 },
    ],
  ];

  it.each(rows)("%s", (_, before, after, error, outcome) => {
    assert.deepStrictEqual(decide(before, after, error), outcome);
  });

  describe("somebody else's operation that began in between is not taken for ours", () => {
    it.each([
      [
        "it is still running",
        history("1 D Install complete", "2 Pu Preparing upgrade"),
        "another operation (install/upgrade/rollback) is in progress",
      ],
      [
        "it ended well meanwhile",
        history("1 S Install complete", "2 D Upgrade complete"),
        "another operation (install/upgrade/rollback) is in progress",
      ],
      [
        "it wrote its revision first",
        history("1 D Install complete", "2 Pu Preparing upgrade"),
        "release: already exists",
      ],
    ])("%s", (_, after, error) => {
      assert.deepStrictEqual(decide(START, after, `UPGRADE FAILED: ${error}`), {
        _tag: "Locked",
        reason: said(error),
      });
    });

    it("but a lock that only Helm's rollback ran into leaves our revision broken", () => {
      const after = history(
        "1 D Install complete",
        `2 F Upgrade "tars" failed: ${cause}`,
        "3 Pu x",
      );
      assert.deepStrictEqual(decide(START, after, rollbackFailed("release: already exists")), {
        _tag: "Broken",
        revision: 2,
        reason: said(reason),
      });
    });
  });

  describe("the release vanished", () => {
    const again = (text: string) => rev(text, "second");

    it.each<[string, History, ReadonlyArray<Revision>, string]>([
      ["and nothing is there", START, [], 'UPGRADE FAILED: "tars" has no deployed releases'],
      [
        "and a first atomic install failed",
        START,
        [],
        `release tars failed, and has been uninstalled due to ${atomic} being set: ${cause}`,
      ],
      [
        "and was installed afresh, long history before",
        history("5 S Upgrade complete", "6 D Upgrade complete"),
        [again("1 D Install complete")],
        "",
      ],
      [
        "and was installed afresh, short history before",
        history("1 S Install complete", "2 D Upgrade complete"),
        [again("1 D Install complete")],
        "",
      ],
      [
        "and was installed afresh, having had one revision only",
        START,
        [again("1 D Install complete")],
        "",
      ],
      [
        "and a fresh install of it failed in place",
        START,
        [again(`1 F Release "tars" failed: ${cause}`)],
        cause,
      ],
      [
        "with its history kept, and was installed afresh on top",
        START,
        [rev("1 S superseded by new release"), again("2 D Install complete")],
        "",
      ],
      [
        "with its history kept, and a fresh install on top failed",
        START,
        [rev("1 S superseded by new release"), again(`2 F Release "tars" failed: ${cause}`)],
        cause,
      ],
      [
        "with its history kept, and nothing was installed",
        START,
        [rev("1 U Uninstallation complete")],
        'UPGRADE FAILED: "tars" has no deployed releases',
      ],
    ])("%s", (_, before, after, error) => {
      assert.deepStrictEqual(decide(before, after, error), { _tag: "Vanished" });
    });
  });

  describe("a revision that is there before Helm's first write", () => {
    const EXISTS = "UPGRADE FAILED: release: already exists";
    const pending = history("1 D Install complete", "2 Pu Preparing upgrade");

    it("may be Helm's own, and is not another operation's where it is known to be", () => {
      const own = inHelmsWay(START, pending, EXISTS);
      assert.strictEqual(own?.revision, 2);
      assert.deepInclude(helmOutcome(START, pending, EXISTS, own), { _tag: "Broken", revision: 2 });
      assert.deepInclude(helmOutcome(START, pending, EXISTS), { _tag: "Locked" });
    });

    it.each([
      ["that somebody has finished", history("1 S Install complete", "2 D Upgrade complete")],
      [
        "after which more was done",
        history("1 D Install complete", "2 Pu Preparing upgrade", "3 Pr Rollback to 1"),
      ],
      ["that cannot be read", START],
    ])("is not Helm's own: one %s", (_, after) => {
      assert.isUndefined(inHelmsWay(START, after, EXISTS));
    });

    it("is not looked for where Helm met a pending one before it wrote", () => {
      const busy = "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress";
      assert.isUndefined(inHelmsWay(START, pending, busy));
    });
  });

  it("without a word from Helm the reason says just that", () => {
    assert.deepStrictEqual(helmOutcome(START, history("1 D Install complete", "2 F "), ""), {
      _tag: "Failed",
      revision: 2,
      reason: { _tag: "Silent" },
    });
  });

  it("a failure that Helm could only partly record takes its reason from the text", () => {
    const after = history("1 D Install complete", "2 F Preparing upgrade");
    assert.deepStrictEqual(decide(START, after, rolledBack(cause)), {
      _tag: "Failed",
      revision: 2,
      reason: said(reason),
    });
  });
});
