import { assert, describe, it } from "@effect/vitest";
import {
  type InstallDecision,
  type InstallFacts,
  installDecision,
} from "../../../src/domain/install/state.ts";
import type { History, Revision, RevisionStatus } from "../../../src/domain/release/release.ts";

const revision = (
  number: number,
  status: RevisionStatus,
  more: Partial<Revision> = {},
): Revision => ({ revision: number, status, chart: "tars-1.2.0", ...more });

const FAILED = { description: 'Release "tars" failed: context deadline exceeded' };
const BAD_UPGRADE = { description: 'Upgrade "tars" failed: context deadline exceeded' };

const NOTHING: InstallFacts = {
  history: [],
  unproven: new Set(),
  chart: { name: "tars", version: "1.2.0" },
  elsewhere: [],
  unrecorded: undefined,
  keeper: undefined,
  going: [],
};

const ELSEWHERE = [{ name: "llm", namespace: "llm-system" }];
const ARGO = {
  keeper: { _tag: "ArgoCd", application: "llm" },
  deployments: ["envoy-gateway"],
} as const;
const LOST = {
  _tag: "Live",
  keeper: { _tag: "LostRecords" },
  deployments: ["envoy-gateway"],
} as const;
const DELETION = { since: "2026-11-28T10:00:00Z", finalizers: [], waitsFor: [] };
const GOING = [{ kind: "namespace", name: "tars-system", deletion: DELETION }] as const;

const of = (history: History): Partial<InstallFacts> => ({ history });

/** What is found, and what it comes to. */
const ROWS: ReadonlyArray<readonly [string, Partial<InstallFacts>, InstallDecision["_tag"]]> = [
  ["nothing", {}, "Install"],
  ["the same chart", of([revision(1, "deployed")]), "Converge"],
  [
    "the same chart, after an upgrade that failed",
    of([revision(1, "deployed"), revision(2, "failed", BAD_UPGRADE)]),
    "Converge",
  ],
  ["an older chart", of([revision(1, "deployed", { chart: "tars-1.1.0" })]), "OtherVersion"],
  ["a newer chart", of([revision(1, "deployed", { chart: "tars-1.3.0" })]), "OtherVersion"],
  ["another chart", of([revision(1, "deployed", { chart: "redis-1.2.0" })]), "Foreign"],
  ["a failed installation", of([revision(1, "failed", FAILED)]), "Husk"],
  ["one that was killed", of([revision(1, "pending-install")]), "Husk"],
  ["one whose removal was killed", of([revision(1, "uninstalling")]), "Husk"],
  [
    "a removal of a good one that was killed",
    of([revision(1, "superseded"), revision(2, "uninstalling")]),
    "Husk",
  ],
  [
    "an upgrade of a failed one that failed as well",
    of([revision(1, "failed", FAILED), revision(2, "failed", BAD_UPGRADE)]),
    "Husk",
  ],
  [
    "a killed installation over one that was uninstalled",
    of([
      revision(1, "superseded"),
      revision(2, "superseded", { description: "superseded by new release" }),
      revision(3, "pending-install"),
    ]),
    "Husk",
  ],
  [
    "an upgrade that was killed",
    of([revision(1, "deployed"), revision(2, "pending-upgrade")]),
    "Unfinished",
  ],
  [
    "nothing deployed, but something to go back to",
    of([revision(1, "superseded"), revision(2, "failed", BAD_UPGRADE)]),
    "Unfinished",
  ],
  ["an uninstalled one with its history", of([revision(1, "uninstalled")]), "Install"],
  [
    "an uninstalled one with ten revisions",
    of([
      ...Array.from({ length: 9 }, (_, index) => revision(index + 1, "superseded")),
      revision(10, "uninstalled"),
    ]),
    "HistoryInTheWay",
  ],
  ["a release elsewhere", { elsewhere: ELSEWHERE }, "Elsewhere"],
  [
    "a release elsewhere, and an uninstalled one here",
    { elsewhere: ELSEWHERE, ...of([revision(1, "uninstalled")]) },
    "Elsewhere",
  ],
  ["what runs without records", { unrecorded: LOST }, "Unrecorded"],
  ["what Argo CD made", { keeper: ARGO, unrecorded: LOST }, "Kept"],
  ["a release that Flux installs", { keeper: ARGO, ...of([revision(1, "deployed")]) }, "Kept"],
  ["a namespace that is being deleted", { going: GOING }, "Going"],
  [
    "the same chart, in a namespace that is being deleted",
    { going: GOING, ...of([revision(1, "deployed")]) },
    "Going",
  ],
];

describe("an installation that finds", () => {
  it.each(ROWS)("%s", (_, facts, expected) => {
    assert.strictEqual(installDecision({ ...NOTHING, ...facts })._tag, expected);
  });

  it("a release whose data plane was never seen to work is told from one that was", () => {
    const history = [revision(1, "deployed")];
    const decide = (unproven: ReadonlySet<number>) =>
      installDecision({ ...NOTHING, history, unproven });
    assert.deepInclude(decide(new Set()), { _tag: "Converge", isProven: true });
    assert.deepInclude(decide(new Set([1])), { _tag: "Converge", isProven: false });
  });
});
