/** How CRDs come back after they were changed: a Helm rollback does not restore them. */

import type { CommandLine } from "../hints/hint.ts";
import { lostStoredVersions, migrationSteps } from "./migration.ts";
import { type CrdView, storageVersion } from "./view.ts";

export interface CrdMigration {
  readonly crd: string;
  /** The version that objects are stored in from now on, and that the saved CRD does not know. */
  readonly storedIn: string;
  readonly steps: ReadonlyArray<CommandLine>;
}

export interface CrdBackup {
  /** What the API server takes back as it is. */
  readonly restorable: { readonly file: string; readonly crds: ReadonlyArray<string> } | undefined;
  /** What it takes back only after a storage migration. */
  readonly migrateFirst:
    | { readonly file: string; readonly migrations: ReadonlyArray<CrdMigration> }
    | undefined;
}

/** What has to happen before `before` may replace `after`; `undefined` when the API server takes it back as it is. */
export const migrationBack = (before: CrdView, after: CrdView): CrdMigration | undefined => {
  const storage = storageVersion(after);
  const stored = [
    ...new Set([...before.storedVersions, ...(storage === undefined ? [] : [storage])]),
  ];
  const [storedIn] = lostStoredVersions(stored, before);
  return storedIn === undefined
    ? undefined
    : { crd: after.name, storedIn, steps: migrationSteps(after, before) };
};
