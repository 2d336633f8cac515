/** The way back for CRDs as a script: too long to paste, and some of its steps have to be left out where nothing is stored. */
import type { CrdBackup, CrdMigration } from "../../domain/crds/backup.ts";
import { type CommandLine, type Hint, hint, kubectl, shell } from "../../domain/hints/hint.ts";
import { type OperatorEnvironment, shellQuote } from "../../domain/hints/operator-commands.ts";
import { showCommand } from "../../words/hints/commands.ts";

type Migrating = CrdBackup & { readonly migrateFirst: NonNullable<CrdBackup["migrateFirst"]> };

/** Whether it takes more than putting the saved copies back. */
export const needsScript = (backup: CrdBackup): backup is Migrating =>
  backup.migrateFirst !== undefined;

/** `kubectl replace` refuses an empty list. */
const stepLines = (env: OperatorEnvironment, step: CommandLine): ReadonlyArray<string> => {
  if (step.into === undefined) return [showCommand(env, step)];
  const names = step.words.map((word) => (word === "json" ? "name" : word));
  return [
    `if [ -n "$(${showCommand(env, kubectl(...names))})" ]; then`,
    `  ${showCommand(env, step)}`,
    "fi",
  ];
};

/** Left out where the older CRD is back already: the script can be run again after it was stopped. */
const migrationLines = (
  env: OperatorEnvironment,
  { crd, storedIn, steps }: CrdMigration,
): ReadonlyArray<string> => {
  const versions = kubectl("get", "crd", crd, "-o", "jsonpath={.spec.versions[*].name}");
  return [
    "",
    `# ${crd}: the older CRD does not know ${storedIn}, in which its objects are stored now.`,
    `if ${showCommand(env, versions)} | grep -qw ${shellQuote(storedIn)}; then`,
    ...steps.flatMap((step) => stepLines(env, step)).map((line) => `  ${line}`),
    "fi",
  ];
};

export const restoreScript = (
  { restorable, migrateFirst }: Migrating,
  env: OperatorEnvironment,
): string => {
  const put = (file: string) => showCommand(env, kubectl("replace", "-f", file));
  const lines = [
    "#!/bin/sh",
    "# Puts the CRDs back as they were before an upgrade. A Helm rollback does not: roll the release back first.",
    "# Fields that the older schemas do not know are lost from what is stored.",
    "set -eu",
    ...(restorable === undefined ? [] : ["", put(restorable.file)]),
    ...migrateFirst.migrations.flatMap((one) => migrationLines(env, one)),
    "",
    put(migrateFirst.file),
  ];
  return `${lines.join("\n")}\n`;
};

const counted = (count: number): string => (count === 1 ? "1 CRD" : `${count} CRDs`);

export const scriptHint = ({ restorable, migrateFirst }: Migrating, script: string): Hint => {
  const moved = migrateFirst.migrations.length;
  const all = moved + (restorable?.crds.length ?? 0);
  return hint(
    `To restore the previous ${counted(all)} (after a rollback, which does not restore them). ${counted(moved)} changed the storage version: the script migrates the stored objects.`,
    shell(`sh ${shellQuote(script)}`),
  );
};
