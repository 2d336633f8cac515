import { Schema } from "effect";

/** A Helm release is named by its name and the namespace that holds its records. */
export interface ReleaseRef {
  readonly name: string;
  readonly namespace: string;
}

/** The Secret that holds a revision, where Helm keeps its records in Secrets. */
export const releaseSecretName = ({ name }: ReleaseRef, revision: number): string =>
  `sh.helm.release.v1.${name}.v${revision}`;

export const RevisionStatus = Schema.Literals([
  "unknown",
  "deployed",
  "uninstalled",
  "superseded",
  "failed",
  "uninstalling",
  "pending-install",
  "pending-upgrade",
  "pending-rollback",
]);
export type RevisionStatus = typeof RevisionStatus.Type;

/** One entry of `helm history -o json`; the same shape in Helm 3 and 4, `updated` may be absent in 4. */
export const Revision = Schema.Struct({
  revision: Schema.Int,
  updated: Schema.optionalKey(Schema.String),
  status: RevisionStatus,
  chart: Schema.String,
  app_version: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  /** Of a rollback, as Helm 4.3 and newer note it: the description may be the operator's own. */
  rollback_revision: Schema.optionalKey(Schema.Int),
});
export type Revision = typeof Revision.Type;
/** The same before its status is known to be one that Helm 3 and 4 write. */
export interface HistoryLine extends Omit<Revision, "status"> {
  readonly status: string;
}
export const History = Schema.Array(Revision);
export type History = typeof History.Type;

export const descriptionOf = (revision: Revision): string => revision.description ?? "";

/** Helm's own order is not to be relied on: Secrets are listed by name, so v10 comes before v2. */
export const byRevision = (history: History): History =>
  [...history].sort((a, b) => a.revision - b.revision);

export const lastRevision = (history: History): Revision | undefined => byRevision(history).at(-1);

export const deployedRevision = (history: History): Revision | undefined =>
  byRevision(history)
    .filter(({ status }) => status === "deployed")
    .at(-1);

/** Deployed revisions beside the newest one: every reader of the history would take another one for what runs. */
export const staleDeployed = (history: History): History => {
  const newest = deployedRevision(history)?.revision;
  return byRevision(history).filter(
    ({ status, revision }) => status === "deployed" && revision !== newest,
  );
};

/** Helm refuses every upgrade while the newest revision is in one of these states. */
export const isPending = ({ status }: Revision): boolean => status.startsWith("pending-");

const FAILED_DESCRIPTION = /^(?:Upgrade|Rollback|Release) ".*" failed: /s;

/** A failed revision can become `superseded` and keeps only its description as evidence (helm/helm#11435). */
export const describesFailure = (revision: Revision): boolean =>
  FAILED_DESCRIPTION.test(descriptionOf(revision));

/** What a rollback was to restore, whether it did or not; nothing where Helm notes none. */
const notedTarget = ({ rollback_revision: noted }: Revision): number | undefined =>
  noted !== undefined && noted > 0 ? noted : undefined;

/** Whether Helm notes that it is a rollback; older than 4.3 it notes nothing. */
export const isNotedRollback = (revision: Revision): boolean => notedTarget(revision) !== undefined;

/** The revision a rollback restored: as Helm notes it, else as it describes it (`Rollback to N`). */
export const rollbackTarget = (revision: Revision): number | undefined => {
  const noted = notedTarget(revision);
  if (noted !== undefined) return describesFailure(revision) ? undefined : noted;
  const match = /^Rollback to (\d+)$/.exec(descriptionOf(revision));
  return match === null ? undefined : Number(match[1]);
};

const FULL_VERSION = /-(v?\d+\.\d+\.\d+.*)$/;
/** Helm takes versions of one and two numbers as well. */
const SHORT_VERSION = /-(v?\d+(?:\.\d+)?(?:[-+].*)?)$/;

const versionMatch = (chart: string): RegExpExecArray | null =>
  FULL_VERSION.exec(chart) ?? SHORT_VERSION.exec(chart);

/** Chart `name-version` split at the hyphen before the version: both parts may contain hyphens. */
export const chartVersion = ({ chart }: Revision): string => versionMatch(chart)?.[1] ?? chart;

export const chartName = ({ chart }: Revision): string =>
  chart.slice(0, versionMatch(chart)?.index ?? chart.length);

export const everRan = ({ status }: { readonly status: RevisionStatus }): boolean =>
  status === "deployed" || status === "superseded";

/** What ran when a revision was begun: the newest one before it that ever ran, by number; none for a first one. */
export const replacedBy = (history: History, revision: number): ReadonlyArray<number> =>
  byRevision(history)
    .filter((one) => one.revision < revision && everRan(one))
    .slice(-1)
    .map((one) => one.revision);

/**
 * Where a rollback goes: the newest `deployed` revision, else the newest `superseded` one; never one that is described
 * as failed, nor one whose data plane did not pass its gate (`unproven`), nor a rollback to such a one.
 */
export const lastGoodRevision = (
  history: History,
  unproven: ReadonlySet<number>,
): Revision | undefined => {
  const byNumber = new Map(history.map((revision) => [revision.revision, revision]));
  const isGood = (revision: Revision): boolean => {
    if (describesFailure(revision) || unproven.has(revision.revision)) return false;
    const target = rollbackTarget(revision);
    // Helm only rolls back to what came before; anything else in a record must not lead in circles.
    const restored = target !== undefined && target < revision.revision ? target : undefined;
    if (restored === undefined) return true;
    const original = byNumber.get(restored);
    return original === undefined ? !unproven.has(restored) : isGood(original);
  };
  const good = byRevision(history).filter(isGood);
  const newest = (status: RevisionStatus) => good.filter((r) => r.status === status).at(-1);
  return newest("deployed") ?? newest("superseded");
};
