/** What is looked at for the last time before the release is written. */
import { Effect } from "effect";
import { unprovenRevisions } from "../../domain/gate-record.ts";
import { isPending, lastGoodRevision, lastRevision } from "../../domain/release.ts";
import {
  ClusterUnavailable,
  OperationInProgress,
  ReleaseVanished,
  RunSuperseded,
} from "../../errors.ts";
import type { HeldLock } from "../../services/ReleaseLock.ts";
import { ReleaseRecords } from "../../services/ReleaseRecords.ts";
import type { InstalledRelease } from "../discover.ts";
import { readHistory } from "./attempt.ts";

/** The release as it is right before the first write to it: gone, busy or changed since discovery stops the run. */
export const requireUnchanged = Effect.fnUntraced(function* (installed: InstalledRelease) {
  const { release, history } = installed;
  const records = yield* ReleaseRecords;
  const current = yield* Effect.mapError(
    readHistory(release),
    ({ message }) =>
      new ClusterUnavailable({
        doing: "read the release again before changing it",
        detail: message,
      }),
  );
  const [last, discovered] = [lastRevision(current), lastRevision(history)];
  if (last === undefined) return yield* new ReleaseVanished({ release });
  if (isPending(last)) {
    return yield* new OperationInProgress({
      release,
      status: last.status,
      revision: last.revision,
      since: last.updated ?? "at an unknown time",
      lastGood: installed.lastGood?.revision,
    });
  }
  if (last.revision !== discovered?.revision || last.status !== discovered.status) {
    return yield* new RunSuperseded({
      detail: `release ${release.name} went from revision ${discovered?.revision} to ${last.revision} (${last.status}) since it was discovered`,
    });
  }
  // A run that had the lock before may have passed or failed its gate since this one looked.
  const gates = yield* Effect.mapError(
    Effect.all([records.gateRecords(release), records.secretUids(release)], {
      concurrency: "unbounded",
    }),
    ({ message }) =>
      new ClusterUnavailable({ doing: "read the gate's records again", detail: message }),
  );
  const [gateRecords, secretUids] = gates;
  const unproven = unprovenRevisions(gateRecords, new Set(secretUids.values()));
  return {
    before: current,
    installed: { ...installed, secretUids, lastGood: lastGoodRevision(current, unproven) },
  };
});

export const mayWrite = (lock: HeldLock): Effect.Effect<void, RunSuperseded> =>
  Effect.mapError(lock.check, ({ detail }) => new RunSuperseded({ detail }));
