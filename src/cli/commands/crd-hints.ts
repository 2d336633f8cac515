/** What the end of a run says of the CRDs that it wrote. */
import { Effect } from "effect";
import { type Hint, hint } from "../../domain/hints/hint.ts";
import type { OperatorEnvironment } from "../../domain/hints/operator-commands.ts";
import type { CrdChanges } from "../../phases/crds/changes.ts";
import { restoreHints } from "../../render/hints/restore-crds.ts";
import { needsScript, restoreScript, scriptHint } from "../../render/text/restore-script.ts";
import { CrdBackups } from "../../services/crds/CrdBackups.ts";

/** Where the script cannot be written, the steps are printed. */
export const wayBack = Effect.fnUntraced(function* (
  { backup }: CrdChanges,
  env: OperatorEnvironment,
) {
  if (backup === undefined) return [];
  const told = restoreHints(backup);
  if (!needsScript(backup)) return told;
  const backups = yield* CrdBackups;
  const saved = backups.saveScript(restoreScript(backup, env), backup.migrateFirst.file);
  return yield* Effect.match(saved, {
    onSuccess: (script): ReadonlyArray<Hint> => [scriptHint(backup, script)],
    onFailure: () => told,
  });
});

/** Of a run that did not get to its end: the CRDs are all that stays of it. */
export const crdHints = Effect.fnUntraced(function* (crds: CrdChanges, env: OperatorEnvironment) {
  const { created, updated } = crds;
  if (created + updated === 0) return [];
  const title = `CRDs that this run wrote stay as they are now: ${created} created, ${updated} updated.`;
  return [hint(title), ...(yield* wayBack(crds, env))];
});
