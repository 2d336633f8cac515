import { Effect } from "effect";
import type { ReleaseRef } from "../domain/release.ts";
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
    const pids = yield* helmsHere(release);
    yield* warn(
      step === undefined ? { code: "still-ending" } : { code: "still-running", step, pids },
    );
  });
  yield* Effect.forkScoped(Effect.interruptible(Effect.forever(answer)));
});
