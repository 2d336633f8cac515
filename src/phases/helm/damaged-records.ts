import { Effect } from "effect";
import { type FlawedRecord, isInTheWay } from "../../domain/release/record-flaw.ts";
import type { History, ReleaseRef } from "../../domain/release/release.ts";
import { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";

/**
 * What is in Helm's way though it says that another operation is: it passes over a record that it cannot read, and then
 * finds its name taken. Nothing where the records cannot be read.
 */
export const damagedRecords = Effect.fnUntraced(function* (
  release: ReleaseRef,
  history: History,
  lastGood: number | undefined,
) {
  const records = yield* ReleaseRecords;
  const flawed = yield* Effect.orElseSucceed(
    records.flawed(release, history),
    (): ReadonlyArray<FlawedRecord> => [],
  );
  return flawed.filter((record) => isInTheWay(record, history, lastGood));
});
