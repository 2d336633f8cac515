/** A release is not what it will be while somebody else is in the middle of it. */
import { Effect } from "effect";
import { diagnose } from "../../domain/run/recovery.ts";
import type { RunRecord } from "../../domain/run/run-journal.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { unavailable } from "../../phases/kube/unavailable.ts";
import { type ReleaseFacts, readRelease } from "../../phases/release/read-release.ts";
import type { HelmError } from "../../services/helm/Helm.ts";
import type { KubectlError } from "../../services/kube/Kubectl.ts";
import { ProcessTable } from "../../services/processes/ProcessTable.ts";
import { helmsHere } from "./await-helm.ts";
import type { Entered } from "./take-ownership.ts";

export const readAgain = ({ release }: UpgradeOptions) =>
  Effect.mapError(readRelease(release), unavailable("read the release"));

/** Whether the run that was the last to upgrade can still be going on: of one on another machine only its lock tells. */
const mayBeGoingOn = Effect.fnUntraced(function* (run: RunRecord | undefined) {
  if (run === undefined || run.ended !== undefined) return false;
  const processes = yield* ProcessTable;
  return (yield* processes.fate(run.process)) !== "gone";
});

/** Another run, or a Helm that outlived its tare, is waited for by entering: that is where a living run is named. */
export const undisturbed = Effect.fnUntraced(function* <E, R>(
  options: UpgradeOptions,
  facts: Effect.Effect<ReleaseFacts, HelmError | KubectlError>,
  entering: Effect.Effect<Entered, E, R>,
) {
  const found = yield* Effect.mapError(facts, unavailable("read the release"));
  const isPending = diagnose(found.history, found.unproven)._tag !== "Sound";
  const isChanging =
    (yield* helmsHere(options.release)).length > 0 ||
    (isPending && (yield* mayBeGoingOn(found.lastRun)));
  if (!isChanging) return found;
  yield* entering;
  return yield* readAgain(options);
});
