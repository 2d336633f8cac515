/** Exit 20 to 23: the upgrade was tried. */

import type { RestoreFailure } from "../domain/helm/restore-failure.ts";
import { again, type Hint, hint, rollback, runAgain, tare } from "../domain/hints/hint.ts";
import type { FlawedRecord } from "../domain/release/record-flaw.ts";
import type { ReleaseRef } from "../domain/release/release.ts";
import type { FailedRevisions } from "../domain/report/report.ts";
import { describeRestoreFailure } from "../words/helm/restore-failure.ts";
import { historyHint, type OperatorError, operatorError, podHints } from "./operator-error.ts";
import { recordHint } from "./records.ts";

type FailedUpgrade = {
  readonly release: ReleaseRef;
  readonly dataplaneNamespace: string;
  readonly failedRevision: number;
  /** The root cause on one line. */
  readonly cause: string;
  /** An image that has to be brought to the registry before the upgrade can succeed. */
  readonly missingImage: string | undefined;
};

/** Everything before the name of the image itself: what `--image-sync` takes. */
const registryOf = (image: string): string => image.slice(0, Math.max(0, image.lastIndexOf("/")));

export const imageHints = (missingImage: string | undefined): ReadonlyArray<Hint> =>
  missingImage === undefined || registryOf(missingImage) === ""
    ? []
    : [
        hint(
          `Image ${missingImage} does not exist: sync the images to the registry first:`,
          tare("install", {
            after: ["--image-sync", registryOf(missingImage), "--sync-only"],
          }),
        ),
      ];

export class UpgradeRolledBack extends operatorError<
  FailedUpgrade & { readonly restoredRevision: number; readonly deployedRevision: number }
>()("UpgradeRolledBack", {
  exitCode: 20,
  what: ({ failedRevision, restoredRevision, deployedRevision }) =>
    `upgrade failed (revision ${failedRevision}); rolled back to revision ${restoredRevision} ` +
    `(recorded as revision ${deployedRevision}) and verified`,
  why: ({ cause }) => [cause],
  hints: ({ release, dataplaneNamespace, missingImage }) => [
    ...imageHints(missingImage),
    historyHint(release),
    podHints(dataplaneNamespace, release),
    runAgain,
  ],
}) {}

export class RollbackFailed extends operatorError<
  FailedUpgrade & {
    readonly rollbackCause: RestoreFailure;
    /** Where to go by hand; `undefined` when no revision is known to be good. */
    readonly lastGood: number | undefined;
    readonly takeOver?: boolean;
  }
>()("RollbackFailed", {
  exitCode: 21,
  what: ({ failedRevision }) =>
    `upgrade failed (revision ${failedRevision}) and the rollback failed too: manual action is needed`,
  why: ({ cause, rollbackCause }) => [
    `upgrade: ${cause}`,
    `rollback: ${describeRestoreFailure(rollbackCause)}`,
  ],
  hints: ({ release, dataplaneNamespace, lastGood, takeOver, missingImage }) => [
    ...imageHints(missingImage),
    historyHint(release),
    ...(lastGood === undefined
      ? []
      : [
          hint(
            "Roll back to the last good revision manually:",
            rollback({ release, revision: lastGood, takeOver, wait: true }),
          ),
        ]),
    podHints(dataplaneNamespace, release),
  ],
}) {}

/** `--no-atomic`: the failed revision stays for inspection. */
export class UpgradeLeftInPlace extends operatorError<
  FailedUpgrade & { readonly lastGood: number | undefined; readonly takeOver?: boolean }
>()("UpgradeLeftInPlace", {
  exitCode: 22,
  what: ({ failedRevision }) =>
    `upgrade failed and revision ${failedRevision} was left in place (--no-atomic)`,
  why: ({ cause }) => [cause],
  hints: ({ release, dataplaneNamespace, lastGood, takeOver, missingImage }) => [
    ...imageHints(missingImage),
    podHints(dataplaneNamespace, release),
    ...(lastGood === undefined
      ? []
      : [
          hint(
            "When you are done inspecting, roll back:",
            rollback({ release, revision: lastGood, takeOver }),
          ),
        ]),
  ],
}) {}

export class UpgradeNotStarted extends operatorError<{
  readonly release: ReleaseRef;
  readonly cause: string;
  /** Records that were in Helm's way; none where it was kept by something else. */
  readonly records?: ReadonlyArray<FlawedRecord>;
}>()("UpgradeNotStarted", {
  exitCode: 23,
  what: ({ release }) => `upgrade of release ${release.name} failed; the release is unchanged`,
  why: ({ cause }) => [cause],
  hints: ({ release, records = [] }) => [
    ...records.map((record) => recordHint(release, record)),
    hint("Fix the cause, then run:", tare("same")),
  ],
}) {}

/** The chart cannot be read: a missing path, a broken archive, a registry that does not answer. */
export class ChartUnusable extends operatorError<{
  readonly chart: string;
  readonly cause: string;
}>()("ChartUnusable", {
  exitCode: 23,
  what: ({ chart }) => `chart ${chart} cannot be used; nothing was changed`,
  why: ({ cause }) => [cause],
  hints: () => [hint("Fix the cause, then run:", again)],
}) {}

/** Nothing for an error that is not about a revision that was made. */
export const failedRevisions = (error: OperatorError): FailedRevisions | undefined => {
  if (error instanceof UpgradeRolledBack) {
    const { failedRevision, restoredRevision, deployedRevision } = error;
    return { failed: failedRevision, restored: restoredRevision, deployed: deployedRevision };
  }
  return error instanceof RollbackFailed || error instanceof UpgradeLeftInPlace
    ? { failed: error.failedRevision }
    : undefined;
};
