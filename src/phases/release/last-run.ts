import { Effect } from "effect";
import { lastWords, type RunRecord } from "../../domain/run/run-journal.ts";
import { ProcessTable } from "../../services/processes/ProcessTable.ts";

const FATES = {
  running: "it is still running on this machine",
  gone: "its process is gone",
  unknown: "this machine cannot see whether it still runs",
};

/** What is known of the run that had the release last and never said how it ended. */
export const tellLastRun = Effect.fnUntraced(function* (run: RunRecord | undefined) {
  if (run === undefined || run.ended !== undefined) return [];
  const processes = yield* ProcessTable;
  return [`${lastWords(run)}; ${FATES[yield* processes.fate(run.process)]}`];
});
