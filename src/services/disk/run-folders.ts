/**
 * Temporary folders that say in their names which process made them: what a killed run leaves behind, secrets among it,
 * goes with the next one.
 */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  attempt,
  processTable,
  runningProcesses,
  startTime,
} from "../processes/local-processes.ts";

const KINDS = ["helm", "chart", "login"] as const;
type Kind = (typeof KINDS)[number];

/** Of this boot and namespace of process numbers; nothing where the system does not say. */
const here = (): string | undefined => {
  const table = processTable();
  return table === undefined
    ? undefined
    : createHash("sha256").update(table).digest("hex").slice(0, 12);
};

/** `tare-helm-4711.81234.0f3a…-`, to be completed at random; where processes cannot be told apart, none is named. */
export const runFolderPrefix = (kind: Kind): string => {
  const [started, table] = [startTime(process.pid), here()];
  return started === undefined || table === undefined
    ? `tare-${kind}-`
    : `tare-${kind}-${process.pid}.${started}.${table}-`;
};

const NAME = new RegExp(`^tare-(?:${KINDS.join("|")})-((\\d+)\\.(\\d+)\\.([0-9a-f]{12}))-`);

/** Ours to remove: made by this user, and a folder itself, not a link to one. */
const isOwn = (folder: string): boolean => {
  const found = attempt(() => lstatSync(folder));
  return found?.isDirectory() === true && found.uid === process.getuid?.();
};

/** Removes the folders of dead runs, unless a Helm that outlived its run still reads there. */
export const sweepDeadRuns = (): void => {
  const table = here();
  if (table === undefined) return;
  const dead = (attempt(() => readdirSync(tmpdir())) ?? []).flatMap((name) => {
    const [, run = "", pid, started, where] = NAME.exec(name) ?? [];
    const isDead = where === table && startTime(Number(pid)) !== started;
    return isDead && isOwn(join(tmpdir(), name)) ? [{ name, run }] : [];
  });
  if (dead.length === 0) return;
  const words = (runningProcesses() ?? []).flatMap((process) => process.words);
  for (const { name, run } of dead) {
    if (words.some((word) => word.includes(run))) continue;
    attempt(() => rmSync(join(tmpdir(), name), { recursive: true, force: true }));
  }
};
