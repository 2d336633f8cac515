/** What is looked at for the last time before the release is written. */
import { Effect } from "effect";
import { unprovenRevisions } from "../../domain/release/gate-record.ts";
import { isPending, lastGoodRevision, lastRevision } from "../../domain/release/release.ts";
import { OperationInProgress, ReleaseVanished, RunSuperseded } from "../../errors.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { ReleaseRecords, type RevisionLabel } from "../../services/release/ReleaseRecords.ts";
import { describeMoved } from "../../words/release/busy.ts";
import { unavailable } from "../kube/unavailable.ts";
import type { InstalledRelease } from "../release/installed-release.ts";
import { readHistory } from "./attempt.ts";

/**
 * The very Secrets that were discovered, in the states they were in: then Helm would tell the same history again, and
 * reading it is spared. Where Helm keeps its records elsewhere there are none to compare.
 */
const isAsDiscovered = (
  { history, secretUids }: InstalledRelease,
  labels: ReadonlyArray<RevisionLabel>,
): boolean =>
  labels.length > 0 &&
  labels.length === history.length &&
  labels.every(
    ({ revision, uid, status }) =>
      secretUids.get(revision) === uid &&
      history.some((one) => one.revision === revision && one.status === status),
  );

/** The release as it is right before the first write to it: gone, busy or changed since discovery stops the run. */
export const requireUnchanged = Effect.fnUntraced(function* (installed: InstalledRelease) {
  const { release, history } = installed;
  const records = yield* ReleaseRecords;
  // A run that had the lock before may have passed or failed its gate since this one looked.
  const [gateRecords, labels] = yield* Effect.mapError(
    Effect.all([records.gateRecords(release), records.revisionLabels(release)], {
      concurrency: "unbounded",
    }),
    unavailable("read the gate's records again"),
  );
  const current = isAsDiscovered(installed, labels)
    ? history
    : yield* Effect.mapError(
        readHistory(release),
        unavailable("read the release again before changing it"),
      );
  const [last, discovered] = [lastRevision(current), lastRevision(history)];
  if (last === undefined) return yield* new ReleaseVanished({ release });
  if (isPending(last)) {
    return yield* new OperationInProgress({
      release,
      status: last.status,
      revision: last.revision,
      since: last.updated,
      lastGood: installed.lastGood?.revision,
    });
  }
  if (last.revision !== discovered?.revision || last.status !== discovered.status) {
    return yield* new RunSuperseded({
      detail: describeMoved({ release, from: discovered?.revision, to: last }),
    });
  }
  const secretUids = new Map(labels.map(({ revision, uid }) => [revision, uid]));
  const unproven = unprovenRevisions(gateRecords, current, secretUids.values());
  return {
    before: current,
    installed: { ...installed, secretUids, lastGood: lastGoodRevision(current, unproven) },
  };
});

export const mayWrite = (lock: HeldLock): Effect.Effect<void, RunSuperseded> =>
  Effect.mapError(lock.check, ({ detail }) => new RunSuperseded({ detail }));
