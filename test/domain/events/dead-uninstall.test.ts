import { assert, describe, it } from "@effect/vitest";
import { deadRunEvent, factsOfDeadRun } from "../../../src/domain/events/dead-run.ts";
import type { Revision } from "../../../src/domain/release/release.ts";
import { isUnfinishedUninstall, type RunRecord } from "../../../src/domain/run/run-journal.ts";
import { NOTED_RECORD } from "../../fakes/index.ts";

const BEGAN = "2026-11-20T08:00:00.000Z";
const at = NOTED_RECORD.startedAt;

const run = (steps: RunRecord["steps"], more: Partial<RunRecord> = {}): RunRecord => ({
  ...NOTED_RECORD,
  operation: "uninstall",
  baseRevision: 3,
  baseUpdated: BEGAN,
  steps,
  ...more,
});

const BEGUN = [{ step: "custom-resources", state: "begun", at }] as const;
const TOLD = [...BEGUN, { step: "event", state: "done", at }] as const;

const revision = {
  revision: 3,
  updated: BEGAN,
  status: "deployed",
  chart: "tars-1.2.0",
} as Revision;
const of = (one: RunRecord, history: ReadonlyArray<Revision>) =>
  deadRunEvent(one, history, new Map(), new Map());

describe("an uninstallation that died", () => {
  const subject = { _tag: "Revision", revision: 3, identity: BEGAN } as const;

  it("has failed as long as Helm has the release", () => {
    const event = of(run(BEGUN), [revision]);
    assert.deepStrictEqual(event?.subject, subject);
    assert.deepInclude(event?.outcome, { status: "failed", code: "Killed" });
  });

  it("has done its work where Helm has it no more", () => {
    assert.deepStrictEqual(of(run(BEGUN), []), { subject, outcome: { status: "success" } });
  });

  it("has nothing to tell before it deleted anything, and after it has told", () => {
    assert.isUndefined(of(run([]), [revision]));
    assert.isUndefined(of(run(TOLD), []));
  });

  it("went to no version", () => {
    const event = of(run(BEGUN), []);
    assert.isDefined(event);
    const facts = factsOfDeadRun(run(BEGUN), event, {
      ...{ cliVersion: "1", workspaceId: "w", source: "doctor" },
      ...{ release: NOTED_RECORD.release, startedAt: new Date(at), finishedAt: undefined },
    });
    assert.deepInclude(facts, { operation: "uninstall", toVersion: undefined });
  });

  it("is unfinished until it has ended well", () => {
    assert.isTrue(isUnfinishedUninstall(run(BEGUN)));
    assert.isTrue(isUnfinishedUninstall(run(BEGUN, { ended: { at, outcome: "UninstallFailed" } })));
    assert.isFalse(isUnfinishedUninstall(run(TOLD, { ended: { at, outcome: "Uninstalled" } })));
    assert.isFalse(isUnfinishedUninstall(NOTED_RECORD));
    assert.isFalse(isUnfinishedUninstall(undefined));
  });
});
