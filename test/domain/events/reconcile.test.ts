import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import {
  missingRows,
  type ReconcileContext,
  type ReleaseState,
} from "../../../src/domain/events/reconcile.ts";
import type { RecordedRevision } from "../../../src/domain/events/recorded-revision.ts";
import type { GateRecords } from "../../../src/domain/release/gate-record.ts";
import type { RevisionStatus } from "../../../src/domain/release/release.ts";
import type { RunRecord } from "../../../src/domain/run/run-journal.ts";
import { installEvent } from "../../../src/words/events/install-event.ts";

const RELEASE = { name: "tars", namespace: "tars-system" };
const NOW = Date.parse("2026-01-10T00:00:00Z");

const revision = (
  number: number,
  status: RevisionStatus,
  description: string,
  extra: Partial<RecordedRevision> = {},
): RecordedRevision => ({
  revision: number,
  uid: `uid-${number}`,
  status,
  chart: `tars-1.${number}.0`,
  description,
  startedAt: `2026-01-0${number}T00:00:00Z`,
  writtenAt: `2026-01-0${number}T00:05:00Z`,
  ...extra,
});

const installed = revision(1, "superseded", "Install complete");
const upgraded = (number: number, status: RevisionStatus = "superseded") =>
  revision(number, status, "Upgrade complete");

const stateOf = (
  revisions: ReadonlyArray<RecordedRevision>,
  gates: GateRecords = new Map(),
): ReleaseState => ({ release: RELEASE, revisions, gates, journal: undefined });

const CONTEXT: ReconcileContext = {
  reported: new Set(),
  nowMillis: NOW,
  staleAfter: Duration.minutes(30),
  cliVersion: "1.2.0",
  workspaceId: "ws-1",
};

const missing = (state: ReleaseState, context: Partial<ReconcileContext> = {}) =>
  missingRows(state, { ...CONTEXT, ...context }).map(installEvent);

/** One line a row, without the installation that every history begins with. */
const rows = (revisions: ReadonlyArray<RecordedRevision>, gates?: GateRecords) =>
  missing(stateOf(revisions, gates)).map(({ helm_revision, operation, status, error_code: code }) =>
    [helm_revision, operation, status, ...(code === undefined ? [] : [code])].join(" "),
  );

const gate = (state: "running" | "passed" | "failed", baseUid = "uid-1"): GateRecords =>
  new Map([[2, { state, baseUid, recordedAt: "2026-01-02T00:04:00Z" }]]);

describe("the rows that are missing", () => {
  it("of an atomic upgrade that failed are two", () => {
    const failed = revision(2, "failed", 'Upgrade "tars" failed: timed out');
    const restored = revision(3, "deployed", "Rollback to 1");
    assert.deepStrictEqual(rows([installed, failed, restored]), [
      "1 install success",
      "2 upgrade failed HelmFailed",
      "3 rollback success",
    ]);
  });

  it.each<[string, RecordedRevision, string]>([
    ["a success", upgraded(2, "deployed"), "2 upgrade success"],
    ["a success of its own description", revision(2, "deployed", "by ops"), "2 upgrade success"],
    [
      "a failure that was superseded later",
      revision(2, "superseded", 'Upgrade "tars" failed: x'),
      "2 upgrade failed HelmFailed",
    ],
    [
      "a rollback that failed while it applied",
      revision(2, "failed", 'Rollback "tars" failed: x'),
      "2 rollback failed HelmFailed",
    ],
    [
      "a rollback that failed while it waited",
      revision(2, "failed", 'Release "tars" failed: x'),
      "2 rollback failed HelmFailed",
    ],
    [
      "a stale upgrade",
      revision(2, "pending-upgrade", "Preparing upgrade"),
      "2 upgrade failed Abandoned",
    ],
    [
      "a stale rollback",
      revision(2, "pending-rollback", "Rollback to 1"),
      "2 rollback failed Abandoned",
    ],
    [
      "an uninstall that was kept",
      revision(2, "uninstalled", "Uninstallation complete"),
      "2 uninstall success",
    ],
  ])("of %s", (_, second, row) => {
    assert.deepStrictEqual(rows([installed, second]).slice(1), [row]);
  });

  it("of an install on top of what was uninstalled: the old record does not tell any more what it was", () => {
    const old = revision(1, "superseded", "superseded by new release");
    assert.deepStrictEqual(rows([old, revision(2, "deployed", "Install complete")]), [
      "2 install success",
    ]);
    assert.deepStrictEqual(rows([old, revision(2, "failed", 'Release "tars" failed: x')]), [
      "2 install failed HelmFailed",
    ]);
  });

  it.each<[string, GateRecords, string]>([
    ["passed", gate("passed"), "2 upgrade success"],
    ["failed", gate("failed"), "2 upgrade failed DataPlaneNotSettled"],
    ["was never seen through", gate("running"), "2 upgrade failed Abandoned"],
    ["is that of another installation", gate("failed", "uid-of-old"), "2 upgrade success"],
  ])("follow the gate, which %s", (_, gates, row) => {
    assert.deepStrictEqual(rows([installed, upgraded(2, "deployed")], gates).slice(1), [row]);
  });

  it("do not include what may still be going on", () => {
    const startedAt = new Date(NOW - 60_000).toISOString();
    const pending = revision(2, "pending-upgrade", "Preparing upgrade", { startedAt });
    assert.deepStrictEqual(rows([installed, pending]), ["1 install success"]);
    assert.deepStrictEqual(rows([revision(1, "uninstalling", "Deletion in progress")]), []);
  });

  it("include what is pending under a newer revision: nobody can finish that", () => {
    const startedAt = new Date(NOW - 60_000).toISOString();
    const pending = revision(2, "pending-upgrade", "Preparing upgrade", { startedAt });
    const back = revision(3, "deployed", "Rollback to 1");
    assert.deepStrictEqual(rows([installed, pending, back]).slice(1), [
      "2 upgrade failed Abandoned",
      "3 rollback success",
    ]);
  });

  it("are none once all of them are reported, under whatever operation", () => {
    const state = stateOf([installed, upgraded(2, "deployed")]);
    const reported = new Set(missing(state).map(({ event_id: id }) => id));
    assert.strictEqual(reported.size, 2);
    assert.deepStrictEqual(missing(state, { reported }), []);
  });

  it("of a reinstalled release are others, though the numbers are the same", () => {
    const before = missing(stateOf([installed]));
    const after = missing(stateOf([{ ...installed, uid: "uid-of-new" }]));
    assert.notStrictEqual(before[0]?.event_id, after[0]?.event_id);
  });

  it("of a pruned history are those of the revisions that are left", () => {
    assert.deepStrictEqual(rows([upgraded(4), upgraded(5, "deployed")]), [
      "4 upgrade success",
      "5 upgrade success",
    ]);
  });

  it("say where they went from: the newest revision that had not failed", () => {
    const failed = revision(2, "failed", 'Upgrade "tars" failed: x');
    const [, second, third] = missing(stateOf([installed, failed, upgraded(3, "deployed")]));
    assert.deepStrictEqual([second?.from_version, second?.to_version], ["1.1.0", "1.2.0"]);
    assert.deepStrictEqual([third?.from_version, third?.to_version], ["1.1.0", "1.3.0"]);
  });

  it("tell Helm's own reason, redacted, without the words around it", () => {
    const text = 'Upgrade "tars" failed: bad token Bearer abcdefghijkl';
    const [, second] = missing(stateOf([installed, revision(2, "failed", text)]));
    assert.strictEqual(second?.error_summary, "bad token Bearer [redacted]");
  });

  it("end when Helm wrote their record, unless that was the next revision's doing", () => {
    const [first, second] = missing(stateOf([installed, upgraded(2, "deployed")]));
    assert.isUndefined(first?.finished_at);
    assert.strictEqual(second?.finished_at, "2026-01-02T00:05:00.000Z");
  });

  it("name who started the upgrade that the journal tells of, and nobody of a rollback", () => {
    const journal: RunRecord = {
      schemaVersion: 1,
      runId: "run-1",
      process: { user: "runner", host: "ci-7", pid: 1, onBehalfOf: "alice" },
      release: RELEASE,
      cliVersion: "1.2.0",
      workspaceId: "ws-1",
      fromVersion: "1.1.0",
      toVersion: "1.2.0",
      timeoutSeconds: 600,
      baseRevision: 1,
      startedAt: "2026-01-02T00:00:00Z",
      steps: [{ step: "helm-upgrade", state: "begun", at: "2026-01-02T00:00:00Z" }],
    };
    const failed = revision(2, "failed", 'Upgrade "tars" failed: x');
    const back = revision(3, "deployed", "Rollback to 1");
    const state = { ...stateOf([installed, failed, back]), journal };
    assert.deepStrictEqual(
      missing(state).map(({ actor }) => actor),
      [undefined, { user: "alice", host: "ci-7" }, undefined],
    );
  });

  it("name who made the installation that the journal tells of", () => {
    const journal: RunRecord = {
      ...{ schemaVersion: 1, runId: "run-1", operation: "install", release: RELEASE },
      process: { user: "runner", host: "ci-7", pid: 1, onBehalfOf: "alice" },
      ...{ cliVersion: "1.1.0", workspaceId: "ws-1", fromVersion: "1.1.0", toVersion: "1.1.0" },
      ...{ timeoutSeconds: 600, baseRevision: 0, startedAt: "2026-01-01T00:00:00Z" },
      steps: [{ step: "helm-upgrade", state: "begun", at: "2026-01-01T00:00:00Z" }],
    };
    const state = { ...stateOf([installed, upgraded(2, "deployed")]), journal };
    assert.deepStrictEqual(
      missing(state).map(({ operation, actor }) => [operation, actor]),
      [
        ["install", { user: "alice", host: "ci-7" }],
        ["upgrade", undefined],
      ],
    );
  });
});
