/** What differs between the Helms: words, flags and one bug. */
import type { HelmVersion } from "../../../src/domain/helm/version.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import type { KubectlError } from "../../../src/services/kube/Kubectl.ts";

export interface HelmFlags {
  readonly install: boolean;
  readonly atomic: boolean;
  readonly wait: "no" | "poll" | "watch";
  readonly resetValues: boolean;
  /** `--server-side=true`; else as an earlier revision was applied. */
  readonly serverSide: boolean;
  readonly forceConflicts: boolean;
  /** Noise that goes to stderr before anything else. */
  readonly deprecations: ReadonlyArray<string>;
}

/** The flags of `helm upgrade` and `helm rollback` that matter here; an unknown one is refused as Helm does. */
export const parseFlags = (
  { major }: HelmVersion,
  args: ReadonlyArray<string>,
): HelmFlags | { readonly unknownFlag: string } => {
  const has = (flag: string) => args.includes(flag);
  const known = [
    "--install",
    "--namespace",
    "--values",
    "--reset-values",
    "--skip-crds",
    "--timeout",
    "--wait",
    "--atomic",
    ...(major >= 4
      ? [
          "--rollback-on-failure",
          "--wait=legacy",
          "--wait=watcher",
          "--server-side=true",
          "--force-conflicts",
        ]
      : []),
  ];
  const unknownFlag = args.find((arg) => arg.startsWith("--") && !known.includes(arg));
  if (unknownFlag !== undefined) return { unknownFlag };
  const atomic = has("--atomic") || has("--rollback-on-failure");
  const polls = has("--wait=legacy") || (major === 3 && (has("--wait") || atomic));
  const watches = major >= 4 && (has("--wait") || has("--wait=watcher") || atomic);
  return {
    install: has("--install"),
    atomic,
    wait: polls ? "poll" : watches ? "watch" : "no",
    resetValues: has("--reset-values"),
    serverSide: has("--server-side=true"),
    forceConflicts: has("--force-conflicts"),
    deprecations:
      major >= 4 && has("--atomic")
        ? ["Flag --atomic has been deprecated, use --rollback-on-failure instead"]
        : [],
  };
};

export const TIMED_OUT = "context deadline exceeded";
export const CANCELLED = "context canceled";

const atomicWord = ({ major }: HelmVersion): string =>
  major >= 4 ? "rollback-on-failure" : "atomic";

export const rolledBackText = (version: HelmVersion, name: string, cause: string): string =>
  `release ${name} failed, and has been rolled back due to ${atomicWord(version)} being set: ${cause}`;

export const rollbackFailedText = (cause: string, rollbackCause: string): string =>
  `an error occurred while rolling back the release. original upgrade error: ${cause}: ${rollbackCause}`;

/** A release of which nothing is left: the first installation, undone. */
export const uninstalledText = (version: HelmVersion, name: string, cause: string): string =>
  `release ${name} failed, and has been uninstalled due to ${atomicWord(version)} being set: ${cause}`;

/** `job` with its namespace. */
export const failedHookText = ({ major }: HelmVersion, event: string, job: string): string => {
  const moment = event.endsWith("-install") ? `failed ${event}` : `${event} hooks failed`;
  return major >= 4
    ? `${moment}: resource Job/${job} not ready. status: Failed, message: Job Failed. failed: 1/1`
    : `${moment}: 1 error occurred:\n\t* job ${job.split("/")[1]} failed: BackoffLimitExceeded\n\n`;
};

/** Helm 3 keeps to itself which hook it waited for. */
export const slowHookText = ({ major }: HelmVersion, event: string, job: string): string => {
  const moment = event.endsWith("-install") ? `failed ${event}` : `${event} hooks failed`;
  return major >= 4
    ? `${moment}: resource Job/${job} not ready. status: InProgress, message: Job in progress. success:0, active: 1, failed: 0\n${TIMED_OUT}`
    : `${moment}: 1 error occurred:\n\t* timed out waiting for the condition\n\n`;
};

export const notServedText = ({ apiVersion, kind, metadata }: KubeObject): string =>
  `resource mapping not found for name: "${metadata.name}" namespace: "" from "": ` +
  `no matches for kind "${kind}" in version "${apiVersion}"\nensure CRDs are installed first`;

export const notOursText = (
  { major }: HelmVersion,
  moment: "install" | "update",
  { kind, metadata }: KubeObject,
  objection: string,
): string =>
  `${major >= 4 ? "unable" : "Unable"} to continue with ${moment}: ${kind} "${metadata.name}" in namespace ` +
  `"${metadata.namespace}" exists and cannot be imported into the current release: invalid ownership metadata; ${objection}`;

export const noCandidateText = (cause: string): string =>
  `unable to find a previously successful release when attempting to rollback. original upgrade error: ${cause}`;

/** The wait of Helm 4 names what is not ready. */
export const watchTimeoutText = (
  waiting: ReadonlyArray<{
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly message: string;
  }>,
): string =>
  [
    ...waiting.map(
      ({ kind, namespace, name, message }) =>
        `resource ${kind}/${namespace}/${name} not ready. status: InProgress, message: ${message}`,
    ),
    TIMED_OUT,
  ].join("\n");

/**
 * Going back to a revision with an object that the newest manifest dropped, while the object is still there, fails in
 * these versions (helm/helm#13437, #32244).
 */
export const hasDroppedObjectBug = ({ major, minor, patch }: HelmVersion): boolean =>
  (major === 3 && minor < 22) || (major === 4 && (minor === 1 || (minor === 0 && patch < 5)));

export const droppedObjectText = ({ major }: HelmVersion, kind: string, name: string): string =>
  major === 3
    ? `no ${kind} with the name "${name}" found`
    : `original object ${kind} with the name "${name}" not found`;

export const unreachableText = ({ major }: HelmVersion, { detail }: KubectlError): string =>
  `${major >= 4 ? "kubernetes" : "Kubernetes"} cluster unreachable: Get "/version": ${detail}`;

export const storageText = (
  operation:
    | "create: failed to create"
    | "update: failed to update"
    | "query: failed to query with labels",
  { detail, reason }: KubectlError,
): string =>
  operation.startsWith("create") && reason === "Conflict"
    ? "release: already exists"
    : `${operation}: ${detail}`;

/** Server-side apply since 4.2 names the object; before, and for conflicts, other words are used. */
export const applyText = (
  { minor }: HelmVersion,
  { apiVersion, kind, metadata }: KubeObject,
  { reason, detail }: KubectlError,
): string => {
  const gvk = apiVersion.includes("/") ? apiVersion : `/${apiVersion}`;
  const object = `${metadata.namespace}/${metadata.name} ${gvk}, Kind=${kind}`;
  if (reason === "Conflict") return `conflict occurred while applying object ${object}: ${detail}`;
  return minor >= 2 ? `server-side apply failed for object ${object}: ${detail}` : detail;
};

export const FORCED_ON_THE_CLIENT =
  "invalid client update option(s): forceConflicts enabled when serverSideApply disabled";

export const patchText = ({ kind, metadata }: KubeObject, { detail }: KubectlError): string =>
  `cannot patch "${metadata.name}" with kind ${kind}: ${detail}`;
