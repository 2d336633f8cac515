import { assert, it } from "@effect/vitest";
import {
  JOURNAL_SCHEMA_VERSION,
  type RunRecord,
  withStep,
} from "../../../src/domain/run/run-journal.ts";
import { lastWords, obituary } from "../../../src/words/run/journal.ts";

const AT = "2026-11-22T10:14:02.500Z";
const WHO = "by alice on build-1 (process 4711, 1.1.0 → 1.2.0)";

const record: RunRecord = {
  schemaVersion: JOURNAL_SCHEMA_VERSION,
  runId: "run-1",
  process: { user: "alice", host: "build-1", pid: 4711 },
  release: { name: "tars", namespace: "tars-system" },
  cliVersion: "1.2.0",
  workspaceId: "workspace-1",
  fromVersion: "1.1.0",
  toVersion: "1.2.0",
  timeoutSeconds: 600,
  baseRevision: 1,
  startedAt: AT,
  steps: [],
};

it("a run that is known to be dead has an obituary", () => {
  assert.strictEqual(
    obituary(withStep(record, "helm-upgrade", "begun", AT)),
    `a run ${WHO} died in phase 5, while helm upgrade was at work; it last wrote at 2026-11-22 10:14:02 UTC`,
  );
});

it("one that may live has last words, and its fate", () => {
  assert.strictEqual(
    lastWords(record, "unknown"),
    `the last run was ${WHO}, before it wrote anything; it last wrote at 2026-11-22 10:14:02 UTC; this machine cannot see whether it still runs`,
  );
  assert.match(lastWords(record, "gone"), /; its process is gone$/);
  assert.match(lastWords(record, "running"), /; it is still running on this machine$/);
});
