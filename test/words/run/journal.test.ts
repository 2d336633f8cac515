import { assert, it } from "@effect/vitest";
import { withStep } from "../../../src/domain/run/run-journal.ts";
import { lastWords, obituary } from "../../../src/words/run/journal.ts";
import { NOTED_RECORD } from "../../fakes/index.ts";

const AT = NOTED_RECORD.startedAt;
const WHO = "by alice on build-1 (process 4711, 1.1.0 → 1.2.0)";

it("a run that is known to be dead has an obituary", () => {
  assert.strictEqual(
    obituary(withStep(NOTED_RECORD, "helm-upgrade", "begun", AT)),
    `a run ${WHO} died in phase 5, while helm upgrade was at work; it last wrote at 2026-11-22 10:14:02 UTC`,
  );
});

it("one that may live has last words, and its fate", () => {
  assert.strictEqual(
    lastWords(NOTED_RECORD, "unknown"),
    `the last run was ${WHO}, before it wrote anything; it last wrote at 2026-11-22 10:14:02 UTC; this machine cannot see whether it still runs`,
  );
  assert.match(lastWords(NOTED_RECORD, "gone"), /; its process is gone$/);
  assert.match(lastWords(NOTED_RECORD, "running"), /; it is still running on this machine$/);
});
