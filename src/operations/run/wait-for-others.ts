/** Waits until no other run or leftover Helm changes the release, then reads it again. */
import { Effect } from "effect";
import { diagnose } from "../../domain/run/recovery.ts";
import type { RunRecord } from "../../domain/run/run-journal.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { unavailable } from "../../phases/kube/unavailable.ts";
import { type ReleaseFacts, readRelease } from "../../phases/release/read-release.ts";
import { uncounted } from "../../pipeline.ts";
import type { HelmError } from "../../services/helm/Helm.ts";
import type { KubectlError } from "../../services/kube/Kubectl.ts";
import { ProcessTable } from "../../services/processes/ProcessTable.ts";
import { type OwnedRelease, takeOwnership } from "./take-ownership.ts";
import { helmsHere } from "./wait-for-helm.ts";

export const readAgain = ({ release }: UpgradeOptions) =>
  Effect.mapError(readRelease(release), unavailable("read the release"));

/** Whether the run that was the last to upgrade can still be going on: of one on another machine only its lock tells. */
const mayBeGoingOn = Effect.fnUntraced(function* (run: RunRecord | undefined) {
  if (run === undefined || run.ended !== undefined) return false;
  const processes = yield* ProcessTable;
  return (yield* processes.fate(run.process)) !== "gone";
});

/** The release as it is now that no other run is in the middle of it. */
export interface FoundRelease {
  readonly facts: ReleaseFacts;
  /** Taken for the sake of the facts; `undefined` where no other run was at work on the release. */
  readonly ownership: OwnedRelease | undefined;
}

/** Another run, or a Helm that outlived its tare, is waited for by taking the release: that is where a living run is named. */
export const waitForOthers = Effect.fnUntraced(function* (
  options: UpgradeOptions,
  reading: Effect.Effect<ReleaseFacts, HelmError | KubectlError>,
) {
  const facts = yield* Effect.mapError(reading, unavailable("read the release"));
  const isPending = diagnose(facts.history, facts.unproven)._tag !== "Sound";
  const isChanging =
    (yield* helmsHere(options.release)).length > 0 ||
    (isPending && (yield* mayBeGoingOn(facts.lastRun)));
  const found: FoundRelease = { facts, ownership: undefined };
  return isChanging ? yield* uncounted(whenOthersHaveEnded(options)) : found;
});

const whenOthersHaveEnded = Effect.fnUntraced(function* (options: UpgradeOptions) {
  const ownership = yield* takeOwnership(options);
  const found: FoundRelease = { facts: yield* readAgain(options), ownership };
  return found;
});
