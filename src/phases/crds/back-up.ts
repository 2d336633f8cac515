import { Effect } from "effect";
import { type CrdBackup, type CrdMigration, migrationBack } from "../../domain/crds/backup.ts";
import { crdView } from "../../domain/crds/view.ts";
import type { KubeObject } from "../../domain/kube/objects.ts";
import { CrdBackupFailed } from "../../errors.ts";
import { CrdBackups } from "../../services/crds/CrdBackups.ts";
import { reportBackup } from "./changes.ts";
import type { Rehearsed } from "./rehearse.ts";

interface Saved {
  readonly live: KubeObject;
  readonly migration: CrdMigration | undefined;
}

const namesOf = (saved: ReadonlyArray<Saved>) => saved.map(({ live }) => live.metadata.name);

/** Live copies of what is about to change, in two files: what comes back as it is, and what needs a migration first. */
export const backUp = Effect.fnUntraced(function* (updates: ReadonlyArray<Rehearsed>) {
  const backups = yield* CrdBackups;
  const all = updates.flatMap(
    ({ planned, live }): ReadonlyArray<Saved> =>
      live === undefined
        ? []
        : [{ live, migration: migrationBack(crdView(live), crdView(planned.manifest.object)) }],
  );
  const save = (saved: ReadonlyArray<Saved>, note: "restorable" | "migrate-first") =>
    saved.length === 0
      ? Effect.succeed(undefined)
      : Effect.mapError(
          backups.save(
            saved.map(({ live }) => live),
            note,
          ),
          ({ message }) => new CrdBackupFailed({ detail: message }),
        );
  const [plain, moved] = [
    all.filter(({ migration }) => migration === undefined),
    all.filter(({ migration }) => migration !== undefined),
  ];
  const restorable = yield* save(plain, "restorable");
  const migrateFirst = yield* save(moved, "migrate-first");
  const backup: CrdBackup = {
    restorable: restorable === undefined ? undefined : { file: restorable, crds: namesOf(plain) },
    migrateFirst:
      migrateFirst === undefined
        ? undefined
        : {
            file: migrateFirst,
            migrations: moved.flatMap(({ migration }) =>
              migration === undefined ? [] : [migration],
            ),
          },
  };
  if (all.length > 0) yield* reportBackup(backup);
  return restorable ?? migrateFirst;
});
