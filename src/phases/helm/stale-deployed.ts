/** Helm leaves one revision deployed. Two of them are what two Helms at the same time leave behind. */
import { Effect } from "effect";
import { type History, type ReleaseRef, staleDeployed } from "../../domain/release/release.ts";
import { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { warn } from "../../services/report/Reporter.ts";

/** Helm goes by the newest and leaves the others deployed for ever; they are recorded as it would have. */
export const supersedeStale = Effect.fnUntraced(function* (release: ReleaseRef, history: History) {
  const records = yield* ReleaseRecords;
  for (const { revision } of staleDeployed(history)) {
    yield* records.supersede(release, revision).pipe(
      Effect.andThen(warn({ code: "stale-revision-superseded", revision })),
      Effect.catch(({ message }) =>
        warn({ code: "stale-revision-stays", revision, cause: message }),
      ),
    );
  }
});
