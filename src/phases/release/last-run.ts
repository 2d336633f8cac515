import { Effect } from "effect";
import type { RunRecord } from "../../domain/run/run-journal.ts";
import { ProcessTable } from "../../services/processes/ProcessTable.ts";
import { lastWords } from "../../words/run/journal.ts";

/** What is known of the run that had the release last and never said how it ended. */
export const tellLastRun = Effect.fnUntraced(function* (run: RunRecord | undefined) {
  if (run === undefined || run.ended !== undefined) return [];
  const processes = yield* ProcessTable;
  return [lastWords(run, yield* processes.fate(run.process))];
});
