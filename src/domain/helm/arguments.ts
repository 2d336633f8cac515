/** What Helm is run with, by its version. */
import type { Duration } from "effect";
import type { ReleaseRef } from "../release/release.ts";
import { formatGoDuration } from "../text/go-duration.ts";
import type { HelmVersion } from "./version.ts";

/** How Helm 4 writes objects: as 3 does, by patches it works out itself, or applied by the server, which knows who owns what. */
export type ApplyMethod = "client" | "server";

export const TAKE_OVER: ReadonlyArray<string> = ["--server-side=true", "--force-conflicts"];

/**
 * The server refuses to change a field that another manager owns, a rollback included. The method goes with the flag: under
 * `auto` Helm takes that of one revision for the upgrade and of another for its rollback, and refuses the flag where it is the client's.
 */
const conflictFlags = (
  { major }: HelmVersion,
  { takeOver = false }: { readonly takeOver?: boolean },
): ReadonlyArray<string> => (major >= 4 && takeOver ? TAKE_OVER : []);

interface UpgradeArguments {
  readonly release: ReleaseRef;
  readonly chart: string;
  readonly valuesFile: string;
  readonly timeout: Duration.Duration;
  readonly atomic: boolean;
  /** Until everything is ready; the default. To undo what fails, Helm waits in any case. */
  readonly wait?: boolean;
  /** Also change fields that others own; for a release that is applied by the server. */
  readonly takeOver?: boolean;
}

/** The atomic flag was renamed in 4, where the old name still works but prints a deprecation. */
const atomicFlag = ({ major }: HelmVersion): string =>
  major >= 4 ? "--rollback-on-failure" : "--atomic";

/**
 * Helm 4's default watcher also waits on custom resources and can time out on healthy ones, so 4 is asked for the
 * semantics of 3: the data plane is judged by our own gate in both.
 */
const waitFlag = ({ major }: HelmVersion): string => (major >= 4 ? "--wait=legacy" : "--wait");

export const upgradeArguments = (
  version: HelmVersion,
  request: UpgradeArguments,
): ReadonlyArray<string> => [
  "upgrade",
  request.release.name,
  request.chart,
  "--install",
  "--namespace",
  request.release.namespace,
  "--values",
  request.valuesFile,
  // Without it an empty values file silently keeps the old values.
  "--reset-values",
  // CRDs are ours (phase 4); the install path of Helm 4 would apply them again under its own field manager.
  "--skip-crds",
  "--timeout",
  formatGoDuration(request.timeout),
  ...(request.wait === false ? [] : [waitFlag(version)]),
  ...(request.atomic ? [atomicFlag(version)] : []),
  ...conflictFlags(version, request),
];

interface RenderArguments {
  readonly release: ReleaseRef;
  readonly chart: string;
  readonly valuesFile: string;
  /** Who answers the chart's lookups and says which kinds there are. */
  readonly answers: RenderAnswers;
  /** There is no release yet. */
  readonly isFirst?: boolean;
  /** Told where the server is not asked: Helm would take the version it was built for. */
  readonly kubeVersion?: string | undefined;
}

interface UninstallArguments extends Pick<UpgradeArguments, "release" | "timeout"> {
  /** Until everything has gone; the default. */
  readonly wait?: boolean;
}

/** Everything of the release goes, its history with it. */
export const uninstallArguments = (
  version: HelmVersion,
  { release, timeout, wait = true }: UninstallArguments,
): ReadonlyArray<string> => [
  ...["uninstall", release.name, "--namespace", release.namespace],
  ...["--timeout", formatGoDuration(timeout), ...(wait ? [waitFlag(version)] : [])],
];

export type RenderAnswers = "server" | "none";

/** Before 3.13 a dry run of an upgrade asked the server all the same, but answered no lookups. */
const dryRunFlag = ({ major, minor }: HelmVersion): string =>
  major > 3 || minor >= 13 ? "--dry-run=server" : "--dry-run";

/** Nothing of it writes: what Helm would do, printed. */
export const renderArguments = (
  version: HelmVersion,
  { release, chart, valuesFile, answers, kubeVersion, isFirst = false }: RenderArguments,
): ReadonlyArray<string> => {
  const what = [release.name, chart, "--namespace", release.namespace, "--values", valuesFile];
  return answers === "none"
    ? [
        ...["template", ...what, ...(isFirst ? [] : ["--is-upgrade"]), "--skip-crds"],
        ...(kubeVersion === undefined ? [] : ["--kube-version", kubeVersion]),
      ]
    : [
        "upgrade",
        ...what,
        ...(isFirst ? ["--install"] : []),
        "--reset-values",
        "--skip-crds",
        dryRunFlag(version),
        // The schemas on the server are those of the CRDs as they are, not as this upgrade makes them.
        "--disable-openapi-validation",
        "--output",
        "json",
      ];
};

interface RollbackArguments {
  readonly release: ReleaseRef;
  readonly revision: number;
  readonly timeout: Duration.Duration;
  /** Until everything is ready; the default. */
  readonly wait?: boolean;
  /** Also change fields that others own; for a release that is applied by the server. */
  readonly takeOver?: boolean;
}

export const rollbackArguments = (
  version: HelmVersion,
  request: RollbackArguments,
): ReadonlyArray<string> => [
  "rollback",
  request.release.name,
  String(request.revision),
  "--namespace",
  request.release.namespace,
  "--timeout",
  formatGoDuration(request.timeout),
  ...(request.wait === false ? [] : [waitFlag(version)]),
  ...conflictFlags(version, request),
];
