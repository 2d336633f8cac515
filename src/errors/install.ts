/** Errors of an installation that an upgrade cannot meet. */

import {
  again,
  type Hint,
  helm,
  hint,
  kubectl,
  NOT_INSTALLING,
  runAgain,
  tare,
} from "../domain/hints/hint.ts";
import type { Going, InstallDecision } from "../domain/install/state.ts";
import type { MissingValue } from "../domain/install/values.ts";
import type { ReleaseRef } from "../domain/release/release.ts";
import type { Unrecorded } from "../domain/release/unrecorded.ts";
import { describeDeletion } from "../words/checks/deletion.ts";
import { historyHint, operatorError, podHints } from "./operator-error.ts";
import { describeUnrecorded, unrecordedHints } from "./unrecorded.ts";
import { imageHints } from "./upgrade.ts";

/** Exit 2: values that nothing gives, and no terminal to ask on. */
export class MissingValues extends operatorError<{
  readonly missing: ReadonlyArray<MissingValue>;
}>()("MissingValues", {
  exitCode: 2,
  what: ({ missing }) =>
    missing.length === 1 ? "a value is missing" : `${missing.length} values are missing`,
  why: ({ missing }) => missing.map(({ flag, path }) => `--${flag} (${path})`),
  hints: ({ missing }) => [
    hint(
      "Pass them:",
      tare("install", { after: missing.flatMap(({ flag }) => [`--${flag}`, flag.toUpperCase()]) }),
    ),
  ],
}) {}

/** Exit 2: the operator said no, or there is no terminal to ask on. */
export class NotConfirmed extends operatorError<{
  readonly isAsked: boolean;
  readonly command: "install" | "uninstall";
}>()("NotConfirmed", {
  exitCode: 2,
  what: ({ isAsked }) => (isAsked ? "not confirmed" : "confirmation is needed"),
  why: ({ isAsked }) => [
    isAsked ? "nothing was written" : "there is no terminal to ask on; nothing was written",
  ],
  hints: ({ command }) => [
    hint("To go on without being asked:", tare(command, { after: ["--yes"] })),
  ],
}) {}

type Refusal = Extract<
  InstallDecision,
  {
    readonly _tag:
      | "OtherVersion"
      | "HistoryInTheWay"
      | "Elsewhere"
      | "Foreign"
      | "Kept"
      | "Unrecorded"
      | "Going";
  }
>;

const goingHint = ({ kind, name }: Going): Hint =>
  hint("See what holds it, and wait for its end:", kubectl("get", kind, name, "-o", "yaml"));

const asUnrecorded = (
  refusal: Extract<Refusal, { readonly _tag: "Kept" | "Unrecorded" }>,
): Unrecorded =>
  refusal._tag === "Unrecorded"
    ? refusal.unrecorded
    : { _tag: "Live", keeper: refusal.keeper, deployments: refusal.deployments };

const whyRefused = (release: ReleaseRef, version: string, refusal: Refusal) => {
  switch (refusal._tag) {
    case "OtherVersion":
      return [
        `release ${release.name} runs chart ${refusal.deployed.chart}; installing ${version} over it would be an upgrade, with none of an upgrade's checks`,
      ];
    case "HistoryInTheWay":
      return [
        `release ${release.name} was uninstalled and its history kept; Helm takes an older revision for the last one, and would refuse`,
      ];
    case "Elsewhere":
      return refusal.releases.map(
        ({ name, namespace }) =>
          `there is a TARS release ${name} in namespace ${namespace}; two would share the CRDs and the GatewayClass`,
      );
    case "Foreign":
      return [
        `release ${release.name} in ${release.namespace} was installed from chart ${refusal.installed}`,
      ];
    case "Kept":
    case "Unrecorded":
      return [describeUnrecorded(release, asUnrecorded(refusal))];
    case "Going":
      return refusal.going.map(
        ({ kind, name, deletion }) =>
          `${kind === "namespace" ? "namespace" : "CRD"} ${name} ${describeDeletion(deletion)}`,
      );
  }
};

const hintsOnRefusal = (release: ReleaseRef, refusal: Refusal): ReadonlyArray<Hint> => {
  switch (refusal._tag) {
    case "OtherVersion":
      return [
        hint("Upgrade it:", tare("upgrade")),
        hint(
          `To change values of what runs, give its own chart, ${refusal.deployed.chart}:`,
          tare("install", { after: ["--chart-path", "CHART"] }),
        ),
      ];
    case "HistoryInTheWay":
      return [
        hint(
          "Remove what is left of it, then install:",
          helm("uninstall", release.name, "-n", release.namespace),
          again,
        ),
      ];
    case "Elsewhere":
      return refusal.releases.map(({ name, namespace }) =>
        hint(
          `Upgrade ${name} in ${namespace}:`,
          tare("upgrade", { after: ["--release-name", name, "--system-namespace", namespace] }),
        ),
      );
    case "Foreign":
      return [historyHint(release)];
    case "Kept":
    case "Unrecorded":
      return unrecordedHints(release, asUnrecorded(refusal));
    case "Going":
      return [...refusal.going.map(goingHint), runAgain];
  }
};

/** Exit 10: what is there is not to be installed over. */
export class InstallRefused extends operatorError<{
  readonly release: ReleaseRef;
  /** Of the chart that was to be installed. */
  readonly version: string;
  readonly refusal: Refusal;
}>()("InstallRefused", {
  exitCode: 10,
  what: ({ release }) => `release ${release.name} cannot be installed in ${release.namespace}`,
  why: ({ release, version, refusal }) => whyRefused(release, version, refusal),
  hints: ({ release, refusal }) => hintsOnRefusal(release, refusal),
}) {}

/** Exit 10: the chart that runs is not to be had from the release's own record. */
export class ChartNotRebuilt extends operatorError<{
  readonly release: ReleaseRef;
  /** `name-version`. */
  readonly chart: string;
  /** What it was rebuilt to makes other objects than those that run; else the record cannot be read. */
  readonly differs: boolean;
}>()("ChartNotRebuilt", {
  exitCode: 10,
  what: ({ release, chart }) =>
    `chart ${chart} cannot be rebuilt from the record of release ${release.name}`,
  why: ({ differs }) => [
    differs
      ? "rebuilt, it makes other objects than those that were applied: a chart it depends on is not kept in the record"
      : "the record cannot be read, or holds no chart",
  ],
  hints: ({ chart }) => [
    hint(
      `Give the chart that runs, ${chart}:`,
      tare("install", { before: ["--ha"], after: ["--chart-path", "CHART"] }),
    ),
    hint("Or upgrade with downtime:", tare("upgrade", { after: ["--allow-downtime"] })),
  ],
}) {}

/** Exit 13: an installation that never worked is in the way. */
export class InstallationUnfinished extends operatorError<{
  readonly release: ReleaseRef;
  readonly revision: number;
  readonly status: string;
  /** How it came to be like that, a line each. */
  readonly story: ReadonlyArray<string>;
}>()("InstallationUnfinished", {
  exitCode: 13,
  what: ({ release, revision, status }) =>
    `release ${release.name} is ${status} (revision ${revision}), and never worked`,
  why: ({ story }) => [...story, "there is no revision to go back to: it has to be removed first"],
  hints: ({ release }) => [
    historyHint(release),
    hint(
      "Remove what there is of it, then install:",
      tare("install", { after: ["--recover"], without: NOT_INSTALLING }),
    ),
  ],
}) {}

/** Exit 10: clients would be sent to another place than the one that was asked for, or to none. */
export class ServeUrlRefused extends operatorError<{
  readonly serveUrl: string;
  readonly detail: string;
}>()("ServeUrlRefused", {
  exitCode: 10,
  what: ({ serveUrl }) => `the management plane refuses the serve URL ${serveUrl}`,
  why: ({ detail }) => [detail, "nothing was written"],
  hints: () => [hint("Once that is settled, or with another --serve-url:", again)],
}) {}

/** Exit 2: a release that runs has streams to lose, so that nobody looks away from it. */
export class WaitNeeded extends operatorError<{
  readonly release: ReleaseRef;
  readonly revision: number;
}>()("WaitNeeded", {
  exitCode: 2,
  what: ({ release, revision }) =>
    `release ${release.name} runs (revision ${revision}), and is not changed without looking`,
  why: () => ["--wait=false is for a first installation"],
  hints: () => [
    hint("Change it, and see that it comes up:", tare("install", { after: ["--wait"] })),
  ],
}) {}

type FailedInstallation = {
  readonly release: ReleaseRef;
  readonly dataplaneNamespace: string;
  readonly failedRevision: number;
  /** The root cause on one line. */
  readonly cause: string;
  /** An image that has to be brought to the registry first. */
  readonly missingImage: string | undefined;
};

/** Exit 20. */
export class InstallRemoved extends operatorError<FailedInstallation>()("InstallRemoved", {
  exitCode: 20,
  what: ({ release }) =>
    `installation of release ${release.name} failed and was removed: nothing of it is left`,
  why: ({ cause }) => [cause],
  hints: ({ missingImage }) => [...imageHints(missingImage), runAgain],
}) {}

/** Exit 21. */
export class RemovalFailed extends operatorError<
  FailedInstallation & { readonly removalCause: string }
>()("RemovalFailed", {
  exitCode: 21,
  what: ({ release }) =>
    `installation of release ${release.name} failed and could not be removed: manual action is needed`,
  why: ({ cause, removalCause }) => [`installation: ${cause}`, `removal: ${removalCause}`],
  hints: ({ release, dataplaneNamespace, missingImage }) => [
    ...imageHints(missingImage),
    hint("Remove what is left of it:", tare("uninstall")),
    podHints(dataplaneNamespace, release),
  ],
}) {}

/** Exit 22: `--no-atomic`. */
export class InstallLeftInPlace extends operatorError<FailedInstallation>()("InstallLeftInPlace", {
  exitCode: 22,
  what: ({ release, failedRevision }) =>
    `installation of release ${release.name} failed, and revision ${failedRevision} was left in place (--no-atomic)`,
  why: ({ cause }) => [cause],
  hints: ({ release, dataplaneNamespace, missingImage }) => [
    ...imageHints(missingImage),
    podHints(dataplaneNamespace, release),
    hint(
      "When you are done inspecting, remove it and install again:",
      tare("install", { after: ["--recover"] }),
    ),
  ],
}) {}

/** Exit 23. */
export class InstallNotStarted extends operatorError<{
  readonly release: ReleaseRef;
  readonly cause: string;
}>()("InstallNotStarted", {
  exitCode: 23,
  what: ({ release }) =>
    `installation of release ${release.name} failed; nothing of it was written`,
  why: ({ cause }) => [cause],
  hints: () => [hint("Fix the cause, then run:", again)],
}) {}
