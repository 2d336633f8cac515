import { Effect } from "effect";
import type { ReleaseRef } from "../domain/release.ts";
import { RUN_STEPS } from "../domain/run-journal.ts";
import { OperatorSignals } from "../services/OperatorSignals.ts";
import { warn } from "../services/Reporter.ts";
import type { OpenJournal } from "../services/RunJournal.ts";
import { helmsHere } from "./recovery/await-helm.ts";

/** Whoever signals twice is told what still runs, and what it would cost to kill it. Ends with the scope. */
export const answerFurtherSignals = Effect.fnUntraced(function* (
  release: ReleaseRef,
  journal: OpenJournal,
) {
  const signals = yield* OperatorSignals;
  const answer = Effect.gen(function* () {
    yield* signals.further;
    const step = yield* journal.current;
    const pids = (yield* helmsHere(release)).map((pid) => `, process ${pid}`).join("");
    yield* warn(
      step === undefined
        ? "still ending: what was noted down is being written"
        : `still running: ${RUN_STEPS[step].now}${pids}. ${RUN_STEPS[step].risk}`,
    );
  });
  yield* Effect.forkScoped(Effect.interruptible(Effect.forever(answer)));
});
