/** The way back for CRDs, where no script does it. */
import type { CrdBackup } from "../../domain/crds/backup.ts";
import { type CommandLine, type Hint, hint, kubectl } from "../../domain/hints/hint.ts";

const put = (file: string): CommandLine => kubectl("replace", "-f", file);

const crds = (count: number): string => (count === 1 ? "1 CRD" : `${count} CRDs`);

export const restoreHints = ({ restorable, migrateFirst }: CrdBackup): ReadonlyArray<Hint> => [
  ...(restorable === undefined
    ? []
    : [
        hint(
          `To restore the previous ${crds(restorable.crds.length)} (after a rollback, which does not restore them):`,
          put(restorable.file),
        ),
      ]),
  ...(migrateFirst === undefined
    ? []
    : [
        hint(
          `${crds(migrateFirst.migrations.length)} changed the storage version, which the API server does not take back: ${migrateFirst.migrations
            .map(({ crd, storedIn }) => `${crd} (${storedIn})`)
            .join(", ")}. To restore them all the same, migrate the stored objects first:`,
          ...migrateFirst.migrations.flatMap(({ steps }) => steps),
          put(migrateFirst.file),
        ),
      ]),
];
