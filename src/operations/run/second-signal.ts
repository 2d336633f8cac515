import { Effect } from "effect";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { warn } from "../../services/report/Reporter.ts";
import { OperatorSignals } from "../../services/run/OperatorSignals.ts";
import type { OpenJournal } from "../../services/run/RunJournal.ts";
import { helmsHere } from "./wait-for-helm.ts";

/** A second signal is answered with what still runs, and what killing it would cost. Ends with the scope. */
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
