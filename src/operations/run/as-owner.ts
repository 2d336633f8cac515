/** What every attempt on a release is made under, whatever its phases are. */
import { Effect } from "effect";
import type { InstalledRelease } from "../../phases/release/installed-release.ts";
import { type FollowedStreams, followStreams } from "../../phases/streams/follow.ts";
import type { OpenJournal } from "../../services/run/RunJournal.ts";
import { journaled } from "./journaled.ts";
import { type AttemptError, type AttemptResult, outcomeOf, withEvent } from "./record-event.ts";
import { openJournal, type UpgradeRun } from "./run.ts";
import { answerFurtherSignals } from "./second-signal.ts";
import { type OwnedRelease, takeOwnership } from "./take-ownership.ts";

export interface OwnerInput {
  readonly run: UpgradeRun;
  readonly installed: InstalledRelease;
  /** Where a recovery took the release already. */
  readonly ownership: OwnedRelease | undefined;
}

/** What an attempt has while the release is its own. */
export interface Owned extends OwnedRelease {
  readonly journal: OpenJournal;
  /** Counted from here on, for the event and for the phases that wait for them. */
  readonly streams: FollowedStreams;
}

/**
 * Makes an attempt on a release under its lock, with a journal that the next run understands, an answer to a second signal,
 * and an event, however the attempt ends. It is not interruptible but where the attempt says that it is; waiting for the
 * lock is.
 */
export const asOwner = Effect.fn("tare.as-owner")(
  function* <A extends AttemptResult, E extends AttemptError, R>(
    { run, installed, ownership }: OwnerInput,
    attempt: (owned: Owned) => Effect.Effect<A, E, R>,
  ) {
    const owned = ownership ?? (yield* Effect.interruptible(takeOwnership(run.options)));
    const journal = yield* openJournal(run, {
      history: installed.history,
      fromVersion: installed.fromVersion,
      toVersion: installed.chart.version,
    });
    yield* answerFurtherSignals(run.options.release, journal);
    const streams = yield* followStreams(run.options);
    return yield* attempt({ ...owned, journal, streams }).pipe(
      journaled(journal),
      withEvent({ run, installed, journal, streams }),
      Effect.onExit((exit) => journal.end(outcomeOf(run.operation, exit))),
    );
  },
  (bracket) => Effect.uninterruptible(Effect.scoped(bracket)),
);
