/** Exit 11 to 13: the release is not there, not ready for it, or busy. */

import {
  type Hint,
  hint,
  kubectl,
  NOT_INSTALLING,
  rollback,
  runAgain,
  tare,
} from "../domain/hints/hint.ts";
import type { ReleaseRef } from "../domain/release/release.ts";
import type { Unrecorded } from "../domain/release/unrecorded.ts";
import { describeHeld } from "../words/lock/holder.ts";
import { describePending } from "../words/release/busy.ts";
import { atOrUnknown } from "../words/release/times.ts";
import { historyHint, operatorError } from "./operator-error.ts";
import { describeUnrecorded, unrecordedHints } from "./unrecorded.ts";

export class ReleaseNotFound extends operatorError<{
  readonly release: ReleaseRef;
  /** TARS releases found under other names or in other namespaces. */
  readonly elsewhere: ReadonlyArray<ReleaseRef>;
  /** What runs there without a record that Helm, as it is asked, could read. */
  readonly unrecorded?: Unrecorded | undefined;
}>()("ReleaseNotFound", {
  exitCode: 11,
  what: ({ release }) => `no release ${release.name} in namespace ${release.namespace}`,
  why: ({ release, elsewhere, unrecorded }) => [
    ...(unrecorded === undefined ? [] : [describeUnrecorded(release, unrecorded)]),
    ...elsewhere.map(
      (other) => `there is a TARS release ${other.name} in namespace ${other.namespace}`,
    ),
    ...(unrecorded === undefined && elsewhere.length === 0
      ? ["nothing is installed there yet, and tare upgrade never installs afresh"]
      : []),
  ],
  hints: ({ release, elsewhere, unrecorded }) => [
    ...(unrecorded === undefined ? [] : unrecordedHints(release, unrecorded)),
    ...elsewhere.map((other) =>
      hint(
        `Upgrade ${other.name} in ${other.namespace}:`,
        tare("upgrade", {
          after: ["--release-name", other.name, "--system-namespace", other.namespace],
        }),
      ),
    ),
    ...(unrecorded === undefined && elsewhere.length === 0
      ? [hint("Install it first:", tare("install"))]
      : []),
  ],
}) {}

export class ReleaseVanished extends operatorError<{ readonly release: ReleaseRef }>()(
  "ReleaseVanished",
  {
    exitCode: 11,
    what: ({ release }) => `release ${release.name} vanished from ${release.namespace} meanwhile`,
    why: () => ["it was uninstalled after this run had found it"],
    hints: ({ release }) => [
      historyHint(release),
      hint("Install it again, if that is what you want:", tare("install")),
    ],
  },
) {}

/** What never worked goes first; the installation that removes it says so, and waits for a Helm that is still at it. */
const installAfresh = tare("install", { after: ["--recover"], without: NOT_INSTALLING });

const installHint = (status: string): Hint =>
  status === "uninstalled"
    ? hint("Install it:", tare("install"))
    : hint("Remove what there is of it, then install:", installAfresh);

/** No revision is deployed and none can be gone back to, e.g. after `helm uninstall --keep-history`. */
export class NoDeployedRevision extends operatorError<{
  readonly release: ReleaseRef;
  readonly status: string;
  /** Where it could go back to. */
  readonly lastGood?: number | undefined;
}>()("NoDeployedRevision", {
  exitCode: 11,
  what: ({ release }) => `release ${release.name} in ${release.namespace} has no deployed revision`,
  why: ({ status }) => [`its newest revision is ${status}: there is nothing to upgrade from`],
  hints: ({ release, status, lastGood }) => [
    historyHint(release),
    lastGood === undefined ? installHint(status) : recoverHint(lastGood),
  ],
}) {}

export class SingleReplica extends operatorError<{
  readonly minReplicas: number;
  readonly envoyProxy: string;
  readonly outOf: number;
}>()("SingleReplica", {
  exitCode: 12,
  what: ({ minReplicas, envoyProxy, outOf }) => {
    const which = outOf > 1 ? `, EnvoyProxy ${envoyProxy}, the lowest of ${outOf}` : "";
    return `data-plane Envoy is single-replica (envoyHpa.minReplicas=${minReplicas}${which}).`;
  },
  why: () => ["Upgrading now will RST in-flight LLM streams."],
  hints: () => [
    hint("Fix HA first (idempotent, takes ~1m):", tare("install", { before: ["--ha"] })),
    hint("Or force this upgrade with downtime:", tare("upgrade", { after: ["--allow-downtime"] })),
  ],
}) {}

const recoverHint = (revision: number): Hint =>
  hint(
    `Recover (roll back to revision ${revision}, verify) and upgrade:`,
    // A plan brings nothing back.
    tare("upgrade", { after: ["--recover"], without: ["plan"] }),
  );

/** The way out of each pending state. */
const waysOut = ({
  release,
  status,
  lastGood,
  helmHasEnded = false,
  takeOver,
}: PendingRelease): ReadonlyArray<Hint> => {
  if (lastGood !== undefined) {
    return [
      recoverHint(lastGood),
      // Beside a Helm that lives, it would leave two deployed revisions.
      ...(helmHasEnded
        ? [
            hint(
              "Or roll back manually:",
              rollback({ release, revision: lastGood, takeOver, wait: true }),
            ),
          ]
        : []),
    ];
  }
  if (status === "pending-install") {
    return [
      hint(
        "Its installation never finished, so there is nothing to go back to: remove what there is of it, then install:",
        installAfresh,
      ),
    ];
  }
  return status.startsWith("pending-")
    ? [
        hint(
          "No earlier revision is known to be good: choose one from the history and roll back to it:",
          rollback({ release, revision: "REVISION", takeOver, wait: true }),
        ),
        runAgain,
      ]
    : [runAgain];
};

type PendingRelease = {
  readonly release: ReleaseRef;
  readonly status: string;
  /** Absent when it is not a revision that tells. */
  readonly revision: number | undefined;
  /** Absent where no record tells. */
  readonly since: string | undefined;
  readonly lastGood: number | undefined;
  /** No Helm can be at work on it any more, as far as can be known. */
  readonly helmHasEnded?: boolean;
  /** Its objects are applied by the server, which refuses to change what others own. */
  readonly takeOver?: boolean;
  /** How it came to be like that, a line each. */
  readonly story?: ReadonlyArray<string>;
};

export class OperationInProgress extends operatorError<PendingRelease>()("OperationInProgress", {
  exitCode: 13,
  what: ({ release, status, revision }) =>
    `release ${release.name} is ${status}${revision === undefined ? "" : ` (revision ${revision})`}: Helm refuses to touch it`,
  why: ({ since, story }) => story ?? [describePending("an operation", atOrUnknown(since))],
  hints: (pending) => [historyHint(pending.release), ...waysOut(pending)],
}) {}

export class AnotherRunHoldsTheLock extends operatorError<{
  readonly release: ReleaseRef;
  readonly holder: string;
  readonly since: string | undefined;
  /** Its Lease claims to last longer than any that a run writes. */
  readonly overlong: boolean;
}>()("AnotherRunHoldsTheLock", {
  exitCode: 13,
  what: ({ release }) => `another run is working on release ${release.name}`,
  why: ({ holder, since, overlong }) => [
    describeHeld(holder, since),
    ...(overlong
      ? [
          "its Lease claims to last longer than any run's: waiting cannot show whether its holder is alive",
        ]
      : []),
  ],
  hints: ({ release, overlong }) => [
    hint(
      "See who holds it:",
      kubectl("get", "lease", `tare-${release.name}`, "-n", release.namespace, "-o", "yaml"),
    ),
    ...(overlong
      ? [
          hint(
            "If no process is working on the release, remove it:",
            kubectl("delete", "lease", `tare-${release.name}`, "-n", release.namespace),
          ),
        ]
      : []),
    hint("Wait for it, then run again:", tare("same", { after: ["--lock-timeout", "30m"] })),
  ],
}) {}

/** Another process took the lock between two writes; the run stopped before the next one. */
export class RunSuperseded extends operatorError<{ readonly detail: string }>()("RunSuperseded", {
  exitCode: 13,
  what: () => "this run lost its lock on the release and stopped before its next write",
  why: ({ detail }) => [detail],
  hints: () => [hint("Check the release, then run again:", tare("same"))],
}) {}
