/** Where tare keeps what must outlive a run: backups, the journal, reports, downloaded tools. */
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";

/** The operator's home; `undefined` where neither `HOME` nor the system names one. */
export const userHome = (): string | undefined => {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
};

/** `TARE_HOME`, else `~/.tare`. Without either a place that cannot be written, which is said when it is asked for. */
export const tareHome = (): string => {
  const given = process.env.TARE_HOME;
  if (given !== undefined && given !== "") return resolve(given);
  return join(userHome() ?? "/nonexistent", ".tare");
};

const coded = (cause: unknown): NodeJS.ErrnoException => cause as NodeJS.ErrnoException;

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Of a folder whose parent is there: where it is "no such file" all the same, nothing can be made. */
const makeInside = (folder: string): Promise<void> =>
  mkdir(folder, { mode: 0o700 }).catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code === "EEXIST" && (await isFolder(folder))) return;
    throw cause.code === "ENOENT" ? Object.assign(cause, { code: "EROFS" }) : cause;
  });

/**
 * Makes a folder and those above it, for their owner alone. Not by Node's recursive mkdir: that never ends where the
 * system takes no folders at all, as in `/proc`. Fails with the system's error.
 */
export const makeFolder = async (folder: string): Promise<void> => {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (cause) {
    const { code } = coded(cause);
    if (code === "EEXIST" && (await isFolder(folder))) return;
    if (code === "EEXIST") throw Object.assign(coded(cause), { code: "ENOTDIR" });
    const parent = dirname(folder);
    if (code !== "ENOENT" || parent === folder) throw cause;
    if (await isFolder(parent)) return await makeInside(folder);
    await makeFolder(parent);
    await makeInside(folder);
  }
};

const PROBLEMS: Readonly<Record<string, string>> = {
  EROFS: "it cannot be written",
  EACCES: "it cannot be written",
  EPERM: "it cannot be written",
  ENOTDIR: "it, or a part of its path, is not a folder",
  EEXIST: "it is not a folder",
  ELOOP: "its links lead in circles",
  ENOSPC: "no space is left there",
  EDQUOT: "the quota there is used up",
  ENAMETOOLONG: "its name is too long",
};

/** `/home/ada/.tare: it cannot be written (EROFS)`, and what to set. */
export const homeProblem = (cause: unknown): string => {
  const { code = "unknown error", message } = coded(cause);
  const problem = PROBLEMS[code];
  return `the folder for backups, ${tareHome()}, cannot be used: ${problem === undefined ? message : `${problem} (${code})`}; set TARE_HOME to one that can be written`;
};

/** Fails with the system's error unless files can be kept in the folder of this name. */
export const requireWritable = async (name: string): Promise<void> => {
  const folder = join(tareHome(), name);
  await makeFolder(folder);
  const probe = join(folder, `.probe-${process.pid}`);
  await writeFile(probe, "", { mode: 0o600 });
  await rm(probe, { force: true });
};
