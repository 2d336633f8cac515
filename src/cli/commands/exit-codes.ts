/** What a process ended with, as `--help` says it in a few words and the README in full. */
export interface ExitCode {
  readonly code: string;
  readonly short: string;
  /** Where there is more to say than the few words. */
  readonly full?: string;
}

/** However any command can end. */
const ANY_END: ReadonlyArray<ExitCode> = [
  { code: "130/143/129", short: "interrupted by SIGINT/SIGTERM/SIGHUP" },
  { code: "1", short: "unexpected" },
];

export const UPGRADE_EXIT_CODES: ReadonlyArray<ExitCode> = [
  { code: "0", short: "done" },
  {
    code: "2",
    short: "usage or bad input",
    full: "usage or bad input: flags, identity file, stored values",
  },
  { code: "3", short: "--plan found changes", full: "`--plan` found changes" },
  {
    code: "10",
    short: "preflight failed",
    full: "preflight failed: tools, cluster, permissions, release size, a downgrade, a foreign chart, a version of Envoy Gateway that must be skipped, Helm's records out of the cluster (`HELM_DRIVER=sql`), another workspace's identity, a policy, quota or webhook that refuses an object or its pods, a damaged record of Helm's, a stored manifest with an API that is gone, a namespace that is being deleted, `--on-conflict=refuse`, a change in how clients reach the data plane, a value whose loss would cut the data plane off",
  },
  { code: "11", short: "no release found", full: "no release found, or it vanished meanwhile" },
  { code: "12", short: "single-replica data plane" },
  {
    code: "13",
    short: "another run or Helm operation in progress",
    full: "another run holds the lock, or Helm reports an operation in progress",
  },
  {
    code: "14",
    short: "CRDs refused, nothing written",
    full: "CRDs refused; no CRD was written",
  },
  {
    code: "15",
    short: "CRDs incomplete",
    full: "CRDs incomplete; Helm was not started, and the next run completes them",
  },
  {
    code: "20",
    short: "failed and rolled back, verified",
    full: "upgrade failed and was rolled back, verified",
  },
  {
    code: "21",
    short: "failed and the rollback failed too",
    full: "upgrade failed and the rollback failed too",
  },
  {
    code: "22",
    short: "failed, left in place",
    full: "upgrade failed and was left in place (`--no-atomic`)",
  },
  {
    code: "23",
    short: "failed before anything changed",
    full: "upgrade failed before anything changed: chart, rendering, schema",
  },
  {
    code: "130/143/129",
    short: "interrupted by SIGINT/SIGTERM/SIGHUP",
    full: "interrupted by SIGINT, SIGTERM, SIGHUP, with the release untouched or restored (else 21 or 22)",
  },
  { code: "1", short: "unexpected", full: "anything unexpected" },
];

export const INSTALL_EXIT_CODES: ReadonlyArray<ExitCode> = [
  { code: "0", short: "installed, or nothing to do" },
  {
    code: "2",
    short: "usage, bad input, or not confirmed",
    full: "usage or bad input: flags, identity file, pull secret; values that nothing gives, all of them named; not confirmed",
  },
  { code: "3", short: "--plan found changes", full: "`--plan` found changes" },
  {
    code: "10",
    short: "refused: what is there, or preflight",
    full: "refused before anything was changed: a release of another version, name or chart, one that Argo CD or Flux looks after, a namespace or CRD that is being deleted, a serve URL that the management plane refuses; and all that a preflight of the upgrade finds",
  },
  {
    code: "12",
    short: "would cut streams",
    full: "the change would replace the only proxy, and cut its streams",
  },
  {
    code: "13",
    short: "another run, or one that did not end",
    full: "another run holds the lock, or an operation on the release did not end (`--recover`)",
  },
  { code: "14", short: "CRDs refused, nothing written", full: "CRDs refused; no CRD was written" },
  {
    code: "15",
    short: "CRDs incomplete",
    full: "CRDs incomplete; Helm was not started, and the next run completes them",
  },
  {
    code: "20",
    short: "failed, and removed or rolled back",
    full: "failed: a first installation was removed, a change was rolled back, verified",
  },
  {
    code: "21",
    short: "failed, and so did the way back",
    full: "failed, and it could not be removed or rolled back",
  },
  {
    code: "22",
    short: "failed, left in place",
    full: "failed and was left in place (`--no-atomic`)",
  },
  {
    code: "23",
    short: "failed before anything was written",
    full: "failed before anything of the release was written: chart, rendering, schema",
  },
  {
    code: "31",
    short: "images incomplete",
    full: "`--image-sync` copied some images and not all; nothing was installed, and the same command continues",
  },
  ...ANY_END,
];

export const UNINSTALL_EXIT_CODES: ReadonlyArray<ExitCode> = [
  {
    code: "0",
    short: "uninstalled, or nothing to uninstall",
    full: "uninstalled, or nothing to uninstall; `--dry-run`: nothing is in the way",
  },
  { code: "2", short: "usage, bad input, or not confirmed" },
  {
    code: "10",
    short: "refused: others use it, or preflight",
    full: "refused before anything was written: others use it (`--force`), another chart, Argo CD or Flux looks after it, another workspace's identity; or the cluster cannot be used",
  },
  {
    code: "13",
    short: "another run or Helm operation in progress",
    full: "another run holds the lock, or another Helm process is changing the release",
  },
  {
    code: "21",
    short: "something is left: run it again",
    full: "part of the release is left and listed; run the same command again to finish",
  },
  ...ANY_END,
];

export const DOCTOR_EXIT_CODES: ReadonlyArray<ExitCode> = [
  { code: "0", short: "all sent, or nothing to do" },
  { code: "2", short: "usage or bad input" },
  { code: "10", short: "the cluster cannot be used, or another workspace's identity" },
  { code: "13", short: "another doctor is at work" },
  { code: "30", short: "events wait for the next tick" },
  ...ANY_END,
];

export const IMAGES_EXIT_CODES: ReadonlyArray<ExitCode> = [
  { code: "0", short: "done, or nothing to do" },
  { code: "2", short: "usage or bad input" },
  {
    code: "10",
    short: "a registry or crane is not to be used, nothing copied",
    full: "something is in the way; every problem is listed, and nothing was copied: no right to push, no such repository or image, a tag that holds another image, a registry that does not answer, no crane",
  },
  { code: "23", short: "the chart cannot be read" },
  {
    code: "31",
    short: "not every image is there",
    full: "some images were copied and others were not: the same command continues; for `verify`, an image is missing or another one is in its place",
  },
  ...ANY_END,
];

export const HISTORY_EXIT_CODES: ReadonlyArray<ExitCode> = [
  { code: "0", short: "done" },
  { code: "2", short: "usage" },
  { code: "10", short: "the cluster cannot be used" },
  { code: "11", short: "no release found" },
  { code: "1", short: "unexpected" },
];
