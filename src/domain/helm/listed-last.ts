/** Which records Helm goes by where a release was uninstalled and its history kept. */
import { byRevision, descriptionOf, type History, releaseSecretName } from "../release/release.ts";

/**
 * Helm looks at the record that is listed last, and records are listed by name: of ten and more that is the ninth, and only
 * where that one is `uninstalled` does `upgrade --install` install.
 */
export const isListedAsUninstalled = (history: History): boolean => {
  const nameOf = (revision: number) => releaseSecretName({ name: "", namespace: "" }, revision);
  const listed = [...history].sort((one, other) =>
    nameOf(one.revision) < nameOf(other.revision) ? -1 : 1,
  );
  return listed.at(-1)?.status === "uninstalled";
};

const SUPERSEDED_BY_INSTALL = "superseded by new release";

/** The revisions of the present installation: those since the last one that was uninstalled. */
export const presentInstallation = (history: History): History => {
  const revisions = byRevision(history);
  const end = revisions.findLastIndex(
    (revision) =>
      revision.status === "uninstalled" || descriptionOf(revision) === SUPERSEDED_BY_INSTALL,
  );
  return revisions.slice(end + 1);
};
