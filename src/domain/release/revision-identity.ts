/**
 * What tells a revision from one that had its number in another installation. A restored backup keeps when Helm began a
 * revision, and a reinstall changes it; the UID of Helm's record is another one after both.
 */

/** @param updated when Helm began the revision, RFC 3339; Helm writes the zone of the machine it runs on. */
export const instantOf = (updated: string | undefined): string | undefined => {
  if (updated === undefined || updated === "") return undefined;
  const millis = Date.parse(updated);
  return Number.isNaN(millis) ? updated : new Date(millis).toISOString();
};

/** As much of a revision as tells it from others. */
export interface KnownRevision {
  readonly revision: number;
  /** When Helm began it, RFC 3339. */
  readonly updated?: string | undefined;
}

/** A revision that was seen before, as it was written down then. */
interface NotedRevision {
  readonly revision: number;
  readonly updated: string;
}

export const note = (revision: KnownRevision | undefined): NotedRevision | undefined => {
  const updated = instantOf(revision?.updated);
  return revision === undefined || updated === undefined
    ? undefined
    : { revision: revision.revision, updated };
};

/** Whether the installation in which `noted` was seen is the one with this history. */
export const isStillThere = (
  noted: NotedRevision,
  history: ReadonlyArray<KnownRevision>,
): boolean =>
  history.some(
    ({ revision, updated }) => revision === noted.revision && instantOf(updated) === noted.updated,
  );

/** Whether one of the revisions up to that number was begun by then: those of a later installation were not. */
export const beganBefore = (
  number: number,
  at: string,
  history: ReadonlyArray<KnownRevision>,
): boolean =>
  history.some(
    ({ revision, updated }) => revision <= number && Date.parse(updated ?? "") <= Date.parse(at),
  );

/** What an event's id is made of; the UID of Helm's record where that does not say when it was begun. */
export const identityOf = (
  revision: KnownRevision | undefined,
  uids: ReadonlyMap<number, string>,
): string | undefined =>
  revision === undefined ? undefined : (instantOf(revision.updated) ?? uids.get(revision.revision));
