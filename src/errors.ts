/**
 * The catalogue of everything a run can fail with: one class per thing an operator would do differently about it. Each
 * says what failed, why, and the next command; the exit code is part of the contract (see the README).
 */
import { type Cause, Data } from "effect";
import { type CrdRefusal, type Remedy, showCommand } from "./domain/crd-refusal.ts";
import { CRDS_LOCK, leaseName } from "./domain/lease.ts";
import {
  helmCommand,
  kubectlCommand,
  type OperatorEnvironment,
  tareCommand,
} from "./domain/operator-commands.ts";
import type { ReleaseRef } from "./domain/release.ts";
import type { Hint } from "./domain/report.ts";

export interface OperatorError extends Error {
  readonly _tag: string;
  readonly exitCode: number;
  /** One line: what failed. */
  readonly what: string;
  /** The root cause, one line each; a preflight can have several. */
  readonly why: ReadonlyArray<string>;
  readonly hints: (env: OperatorEnvironment) => ReadonlyArray<Hint>;
}

const hint = (title: string, ...commands: ReadonlyArray<string>): Hint => ({ title, commands });

type Fields = Readonly<Record<string, unknown>>;

type OperatorErrorClass<Tag extends string, F> = new (
  fields: F,
) => OperatorError & Cause.YieldableError & { readonly _tag: Tag } & Readonly<F>;

/** Declares an error of the catalogue: its fields are data, the texts are derived from them. */
const operatorError =
  <F extends Fields>() =>
  <Tag extends string>(
    tag: Tag,
    derive: {
      readonly exitCode: number;
      readonly what: (fields: F) => string;
      readonly why: (fields: F) => ReadonlyArray<string>;
      readonly hints?: (fields: F, env: OperatorEnvironment) => ReadonlyArray<Hint>;
    },
  ): OperatorErrorClass<Tag, F> => {
    class Declared extends Data.TaggedError(tag as string)<Fields> implements OperatorError {
      readonly exitCode = derive.exitCode;
      readonly #fields: F;
      constructor(fields: F) {
        super(fields);
        this.#fields = fields;
      }
      get what(): string {
        return derive.what(this.#fields);
      }
      get why(): ReadonlyArray<string> {
        return derive.why(this.#fields);
      }
      override get message(): string {
        return [this.what, ...this.why].join("\n");
      }
      hints(env: OperatorEnvironment): ReadonlyArray<Hint> {
        return derive.hints?.(this.#fields, env) ?? [];
      }
    }
    // The fields are copied onto the instance by Data.TaggedError, which TypeScript cannot see through a generic.
    return Declared as unknown as OperatorErrorClass<Tag, F>;
  };

const historyHint = (release: ReleaseRef, env: OperatorEnvironment): Hint =>
  hint(
    "See the release's history:",
    helmCommand(env, "history", release.name, "-n", release.namespace),
  );

const podHints = (dataplaneNamespace: string, release: ReleaseRef, env: OperatorEnvironment) =>
  hint(
    "Inspect:",
    kubectlCommand(env, "get", "pods", "-n", release.namespace),
    kubectlCommand(env, "get", "pods", "-n", dataplaneNamespace),
  );

const runAgain = (env: OperatorEnvironment, ...after: ReadonlyArray<string>): Hint =>
  hint("Then run the upgrade again:", tareCommand(env, "upgrade", { after }));

// ── 2: bad input ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The identity file is missing, unreadable, not JSON, or has fields that are wrong. */
export class InvalidIdentity extends operatorError<{
  readonly file: string;
  readonly problems: ReadonlyArray<string>;
}>()("InvalidIdentity", {
  exitCode: 2,
  what: ({ file }) => `identity file ${file} cannot be used`,
  why: ({ problems }) => problems,
  hints: (_, env) => [
    hint(
      "Fetch the service account file again from the dashboard, then:",
      tareCommand(env, "upgrade"),
    ),
  ],
}) {}

/** A flag, or two of them together, that make no sense. */
export class InvalidFlag extends operatorError<{
  readonly flag: string;
  readonly expected: string;
}>()("InvalidFlag", {
  exitCode: 2,
  what: ({ flag }) => `invalid value for --${flag}`,
  why: ({ expected }) => [expected],
  hints: () => [hint("See the flags:", "tare upgrade --help")],
}) {}

/** The values stored in the release cannot be carried forward as they are. */
export class InvalidStoredValues extends operatorError<{
  readonly release: ReleaseRef;
  readonly revision: number;
  readonly problems: ReadonlyArray<string>;
}>()("InvalidStoredValues", {
  exitCode: 2,
  what: ({ release, revision }) =>
    `the stored values of release ${release.name} (revision ${revision}) cannot be carried forward`,
  why: ({ problems }) => problems,
  hints: ({ release, revision }, env) => [
    hint(
      "Look at them:",
      helmCommand(
        env,
        "get",
        "values",
        release.name,
        "-n",
        release.namespace,
        "--revision",
        String(revision),
      ),
    ),
  ],
}) {}

// ── 10: preflight ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Everything that stands in the way, found in one go. */
export class PreflightFailed extends operatorError<{
  readonly problems: ReadonlyArray<{ readonly problem: string; readonly remedy?: Hint }>;
}>()("PreflightFailed", {
  exitCode: 10,
  what: ({ problems }) =>
    problems.length === 1 ? "preflight failed" : `preflight failed: ${problems.length} problems`,
  why: ({ problems }) => problems.map(({ problem }) => problem),
  hints: ({ problems }, env) => [
    ...problems.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy])),
    hint("Once that is fixed, run the upgrade again:", tareCommand(env, "upgrade")),
  ],
}) {}

/** A tool or the API server stopped answering after the preflight, or the preflight was skipped. Nothing was changed. */
export class ClusterUnavailable extends operatorError<{
  readonly doing: string;
  readonly detail: string;
}>()("ClusterUnavailable", {
  exitCode: 10,
  what: ({ doing }) => `could not ${doing}`,
  why: ({ detail }) => [detail],
  hints: (_, env) => [
    hint("Check the connection:", kubectlCommand(env, "cluster-info")),
    runAgain(env),
  ],
}) {}

/** The release lives in another data-plane namespace: going on would build a second data plane and cut off the first. */
export class DataPlaneNamespaceMismatch extends operatorError<{
  readonly live: string;
  readonly requested: string;
}>()("DataPlaneNamespaceMismatch", {
  exitCode: 10,
  what: ({ live }) => `this release has its data plane in namespace ${live}`,
  why: ({ live, requested }) => [
    `upgrading with --dataplane-namespace ${requested} would build a second data plane there and cut off the one in ${live}`,
  ],
  hints: ({ live }, env) => [
    hint(
      "Pass the namespace it lives in:",
      tareCommand(env, "upgrade", { after: ["--dataplane-namespace", live] }),
    ),
  ],
}) {}

/** `--strict-values`: some user-supplied values would not survive. */
export class ValuesWouldBeLost extends operatorError<{
  readonly lost: ReadonlyArray<string>;
  readonly keepWith: ReadonlyArray<string>;
}>()("ValuesWouldBeLost", {
  exitCode: 10,
  what: ({ lost }) =>
    `${lost.length} user-supplied ${lost.length === 1 ? "value" : "values"} would be lost (--strict-values)`,
  why: ({ lost }) => lost,
  hints: ({ keepWith }, env) =>
    keepWith.length === 0
      ? [hint("Accept the loss by leaving --strict-values out:", tareCommand(env, "upgrade"))]
      : [
          hint(
            "Keep what a flag can keep:",
            tareCommand(env, "upgrade", {
              after: [...keepWith.flatMap((flag) => flag.split(" ")), "--strict-values"],
            }),
          ),
        ],
}) {}

// ── 11–13: the release ──────────────────────────────────────────────────────────────────────────────────────────────

export class ReleaseNotFound extends operatorError<{
  readonly release: ReleaseRef;
  /** TARS releases found under other names or in other namespaces. */
  readonly elsewhere: ReadonlyArray<ReleaseRef>;
}>()("ReleaseNotFound", {
  exitCode: 11,
  what: ({ release }) => `no release ${release.name} in namespace ${release.namespace}`,
  why: ({ elsewhere }) =>
    elsewhere.length === 0
      ? ["nothing is installed there yet, and tare upgrade never installs afresh"]
      : elsewhere.map(
          (other) => `there is a TARS release ${other.name} in namespace ${other.namespace}`,
        ),
  hints: ({ elsewhere }, env) =>
    elsewhere.length === 0
      ? [hint("Install it first:", tareCommand(env, "install"))]
      : elsewhere.map((other) =>
          hint(
            `Upgrade ${other.name} in ${other.namespace}:`,
            tareCommand(env, "upgrade", {
              after: ["--release-name", other.name, "--system-namespace", other.namespace],
            }),
          ),
        ),
}) {}

export class ReleaseVanished extends operatorError<{ readonly release: ReleaseRef }>()(
  "ReleaseVanished",
  {
    exitCode: 11,
    what: ({ release }) => `release ${release.name} vanished from ${release.namespace} meanwhile`,
    why: () => ["somebody uninstalled it after this run had found it"],
    hints: ({ release }, env) => [
      historyHint(release, env),
      hint("Install it again, if that is what you want:", tareCommand(env, "install")),
    ],
  },
) {}

/** No revision is deployed and none can be gone back to, e.g. after `helm uninstall --keep-history`. */
export class NoDeployedRevision extends operatorError<{
  readonly release: ReleaseRef;
  readonly status: string;
}>()("NoDeployedRevision", {
  exitCode: 11,
  what: ({ release }) => `release ${release.name} in ${release.namespace} has no deployed revision`,
  why: ({ status }) => [`its newest revision is ${status}: there is nothing to upgrade from`],
  hints: ({ release }, env) => [
    historyHint(release, env),
    hint("Install it:", tareCommand(env, "install")),
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
  hints: (_, env) => [
    hint(
      "Fix HA first (idempotent, takes ~1m):",
      tareCommand(env, "install", { before: ["--ha"] }),
    ),
    hint(
      "Or force this upgrade with downtime:",
      tareCommand(env, "upgrade", { after: ["--allow-downtime"] }),
    ),
  ],
}) {}

export class OperationInProgress extends operatorError<{
  readonly release: ReleaseRef;
  readonly status: string;
  readonly revision: number;
  readonly since: string;
  readonly lastGood: number | undefined;
}>()("OperationInProgress", {
  exitCode: 13,
  what: ({ release, status, revision }) =>
    `release ${release.name} is ${status} (revision ${revision}): Helm refuses to touch it`,
  why: ({ since }) => [
    `an operation that began ${since} is still running, or was killed before it could finish`,
  ],
  hints: ({ release, lastGood }, env) => [
    historyHint(release, env),
    ...(lastGood === undefined
      ? []
      : [
          hint(
            "If nobody is working on it any more, go back to the last good revision:",
            helmCommand(
              env,
              "rollback",
              release.name,
              String(lastGood),
              "-n",
              release.namespace,
              "--wait",
            ),
          ),
          runAgain(env),
        ]),
  ],
}) {}

export class AnotherRunHoldsTheLock extends operatorError<{
  readonly release: ReleaseRef;
  readonly holder: string;
  readonly since: string;
}>()("AnotherRunHoldsTheLock", {
  exitCode: 13,
  what: ({ release }) => `another run is working on release ${release.name}`,
  why: ({ holder, since }) => [`the lock is held by ${holder} since ${since}`],
  hints: ({ release }, env) => [
    hint(
      "See who holds it:",
      kubectlCommand(env, "get", "lease", `tare-${release.name}`, "-n", release.namespace),
    ),
    runAgain(env),
  ],
}) {}

/** The lock went to somebody else between two writes; the run stopped before the next one. */
export class RunSuperseded extends operatorError<{ readonly detail: string }>()("RunSuperseded", {
  exitCode: 13,
  what: () => "this run lost its lock on the release and stopped before its next write",
  why: ({ detail }) => [detail],
  hints: (_, env) => [hint("Look before running it again:", tareCommand(env, "upgrade"))],
}) {}

// ── 14–15: CRDs ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** As the API server names them; a service account is a user too. */
const deniedUsers = (
  missing: ReadonlyArray<{ readonly detail: string }>,
): ReadonlyArray<string> => [
  ...new Set(
    missing.flatMap(({ detail }) =>
      [...detail.matchAll(/User "([^"]+)"/g)].map(([, user = ""]) => user),
    ),
  ),
];

/** The account may not do to CRDs what an upgrade has to. Nothing was changed. */
export class CrdRightsMissing extends operatorError<{
  readonly missing: ReadonlyArray<{ readonly doing: string; readonly detail: string }>;
}>()("CrdRightsMissing", {
  exitCode: 10,
  what: ({ missing }) =>
    `this account may not ${[...new Set(missing.map(({ doing }) => doing))].join(", nor ")}; no CRD was written`,
  why: ({ missing }) => missing.map(({ detail }) => detail),
  hints: ({ missing }, env) => [
    hint(
      "See what it may do:",
      kubectlCommand(env, "auth", "can-i", "--list", "-n", CRDS_LOCK.namespace),
    ),
    hint(
      "An administrator grants what is missing, and binds it to the account:",
      kubectlCommand(
        env,
        "create",
        "clusterrole",
        "tare-crds",
        "--verb=get,list,create,patch,update",
        "--resource=customresourcedefinitions.apiextensions.k8s.io,leases.coordination.k8s.io",
      ),
      ...deniedUsers(missing).map((user) =>
        kubectlCommand(
          env,
          "create",
          "clusterrolebinding",
          "tare-crds",
          "--clusterrole=tare-crds",
          `--user=${user}`,
        ),
      ),
    ),
    runAgain(env),
  ],
}) {}

/** CRDs belong to the whole cluster: another run is changing them, perhaps for another release. */
export class CrdsLocked extends operatorError<{
  readonly holder: string;
  readonly since: string;
}>()("CrdsLocked", {
  exitCode: 13,
  what: () => "another run is changing the CRDs of this cluster; no CRD was written",
  why: ({ holder, since }) => [`the lock is held by ${holder} since ${since}`],
  hints: (_, env) => [
    hint(
      "See who holds it:",
      kubectlCommand(env, "get", "lease", leaseName(CRDS_LOCK), "-n", CRDS_LOCK.namespace),
    ),
    runAgain(env),
  ],
}) {}

export class CrdsRefused extends operatorError<{
  readonly refusals: ReadonlyArray<
    Pick<CrdRefusal, "crd" | "reason"> & { readonly remedy?: Remedy }
  >;
}>()("CrdsRefused", {
  exitCode: 14,
  what: ({ refusals }) => {
    const count = new Set(refusals.map(({ crd }) => crd)).size;
    return `${count} ${count === 1 ? "CRD was" : "CRDs were"} refused; no CRD was written`;
  },
  why: ({ refusals }) => refusals.map(({ crd, reason }) => `${crd}: ${reason}`),
  hints: ({ refusals }, env) => [
    ...refusals.map(({ crd, remedy }) =>
      remedy === undefined
        ? hint(
            "Look at what is on the cluster:",
            kubectlCommand(env, "get", "crd", crd, "-o", "yaml"),
          )
        : hint(
            `${crd}: ${remedy.title}`,
            ...remedy.commands.map((command) => showCommand(env, command)),
          ),
    ),
    runAgain(env),
  ],
}) {}

export class CrdsIncomplete extends operatorError<{
  readonly failures: ReadonlyArray<{ readonly crd: string; readonly reason: string }>;
  readonly written: number;
  readonly backup: string | undefined;
}>()("CrdsIncomplete", {
  exitCode: 15,
  what: ({ failures, written }) =>
    `${failures.length} of the CRDs could not be written (${written} were); Helm was not started`,
  why: ({ failures }) => failures.map(({ crd, reason }) => `${crd}: ${reason}`),
  hints: ({ backup }, env) => [
    ...(backup === undefined
      ? []
      : [hint("The copies from before are in:", kubectlCommand(env, "diff", "-f", backup))]),
    hint("The next run completes them:", tareCommand(env, "upgrade")),
  ],
}) {}

/** Live CRDs could not be saved, so none was changed. */
export class CrdBackupFailed extends operatorError<{ readonly detail: string }>()(
  "CrdBackupFailed",
  {
    exitCode: 14,
    what: () => "the live CRDs could not be saved before changing them; no CRD was written",
    why: ({ detail }) => [detail],
    hints: (_, env) => [hint("Make room or mend the folder, then:", tareCommand(env, "upgrade"))],
  },
) {}

// ── 20–23: the upgrade ──────────────────────────────────────────────────────────────────────────────────────────────

type FailedUpgrade = {
  readonly release: ReleaseRef;
  readonly dataplaneNamespace: string;
  readonly failedRevision: number;
  /** The root cause on one line. */
  readonly cause: string;
};

export class UpgradeRolledBack extends operatorError<
  FailedUpgrade & { readonly restoredRevision: number; readonly deployedRevision: number }
>()("UpgradeRolledBack", {
  exitCode: 20,
  what: ({ failedRevision, restoredRevision, deployedRevision }) =>
    `upgrade failed (revision ${failedRevision}) and was rolled back: ` +
    `revision ${restoredRevision} runs again, as revision ${deployedRevision}`,
  why: ({ cause }) => [cause],
  hints: ({ release, dataplaneNamespace }, env) => [
    historyHint(release, env),
    podHints(dataplaneNamespace, release, env),
    runAgain(env),
  ],
}) {}

export class RollbackFailed extends operatorError<
  FailedUpgrade & {
    readonly rollbackCause: string;
    /** Where to go by hand; `undefined` when no revision is known to be good. */
    readonly lastGood: number | undefined;
  }
>()("RollbackFailed", {
  exitCode: 21,
  what: ({ failedRevision }) =>
    `upgrade failed (revision ${failedRevision}) and so did the rollback: the release needs you now`,
  why: ({ cause, rollbackCause }) => [`upgrade: ${cause}`, `rollback: ${rollbackCause}`],
  hints: ({ release, dataplaneNamespace, lastGood }, env) => [
    historyHint(release, env),
    ...(lastGood === undefined
      ? []
      : [
          hint(
            "Go back to the last good revision by hand:",
            helmCommand(
              env,
              "rollback",
              release.name,
              String(lastGood),
              "-n",
              release.namespace,
              "--wait",
            ),
          ),
        ]),
    podHints(dataplaneNamespace, release, env),
  ],
}) {}

/** `--no-atomic`: the failed revision stays for inspection. */
export class UpgradeLeftInPlace extends operatorError<
  FailedUpgrade & { readonly lastGood: number | undefined }
>()("UpgradeLeftInPlace", {
  exitCode: 22,
  what: ({ failedRevision }) =>
    `upgrade failed and revision ${failedRevision} was left in place (--no-atomic)`,
  why: ({ cause }) => [cause],
  hints: ({ release, dataplaneNamespace, lastGood }, env) => [
    podHints(dataplaneNamespace, release, env),
    ...(lastGood === undefined
      ? []
      : [
          hint(
            "Roll back when you have seen enough:",
            helmCommand(env, "rollback", release.name, String(lastGood), "-n", release.namespace),
          ),
        ]),
  ],
}) {}

export class UpgradeNotStarted extends operatorError<{
  readonly release: ReleaseRef;
  readonly cause: string;
}>()("UpgradeNotStarted", {
  exitCode: 23,
  what: ({ release }) =>
    `upgrade of release ${release.name} failed before anything of it was changed`,
  why: ({ cause }) => [cause],
  hints: (_, env) => [hint("Mend the cause, then:", tareCommand(env, "upgrade"))],
}) {}

/** The chart cannot be read: a missing path, a broken archive, a registry that does not answer. */
export class ChartUnusable extends operatorError<{
  readonly chart: string;
  readonly cause: string;
}>()("ChartUnusable", {
  exitCode: 23,
  what: ({ chart }) => `chart ${chart} cannot be used; nothing was changed`,
  why: ({ cause }) => [cause],
  hints: (_, env) => [hint("Mend the cause, then:", tareCommand(env, "upgrade"))],
}) {}

export type UpgradeError =
  | InvalidStoredValues
  | PreflightFailed
  | ClusterUnavailable
  | DataPlaneNamespaceMismatch
  | ValuesWouldBeLost
  | ReleaseNotFound
  | ReleaseVanished
  | NoDeployedRevision
  | SingleReplica
  | OperationInProgress
  | AnotherRunHoldsTheLock
  | RunSuperseded
  | CrdRightsMissing
  | CrdsLocked
  | CrdsRefused
  | CrdsIncomplete
  | CrdBackupFailed
  | UpgradeRolledBack
  | RollbackFailed
  | UpgradeLeftInPlace
  | UpgradeNotStarted
  | ChartUnusable;

export const isOperatorError = (error: unknown): error is OperatorError =>
  error instanceof Error && "exitCode" in error && "what" in error && "hints" in error;
