import { createHash } from "node:crypto";
import { accessSync, constants, createReadStream, statSync } from "node:fs";
import { open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { publishedHash } from "../../domain/tools/pins.ts";

/** A problem of this machine's disk in words, or nothing if it is not one. */
export const diskProblem = (cause: unknown): string | undefined => {
  const { code, path } = cause as NodeJS.ErrnoException;
  const where = path === undefined ? "" : ` (${path})`;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return `no space left on the disk${where}`;
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return `the folder cannot be written${where}: choose another with --tools-dir`;
    case "ENOTDIR":
    case "EEXIST":
    case "EIO":
      return `the folder cannot be used${where}: ${code}`;
    default:
      return undefined;
  }
};

export const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

const GROUP_AND_OTHERS_WRITE = 0o022;

/** Whether another user than this one and root could have put something else in its place. */
const isOpen = (path: string): boolean => {
  const { uid, mode } = statSync(path);
  const isOthers = uid !== 0 && uid !== process.getuid?.();
  return isOthers || (mode & GROUP_AND_OTHERS_WRITE) !== 0;
};

/** The first of `file` and the folders above it, up to `root`, that another user could change; nothing on Windows. */
export const changeableByOthers = (root: string, file: string): string | undefined => {
  if (process.platform === "win32") return undefined;
  try {
    for (let path = file; path.startsWith(root); path = dirname(path)) {
      if (isOpen(path)) return path;
      if (path === root) return undefined;
    }
    return undefined;
  } catch {
    return undefined;
  }
};

const recordOf = (file: string): string => `${file}.sha256`;

const sha256Of = async (file: string): Promise<string> => {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
};

/** Keeps the hash of an unpacked file beside it, as `sha256sum -c` takes it: what is published is that of the archive. */
export const recordHash = async (file: string): Promise<void> =>
  writeFile(recordOf(file), `${await sha256Of(file)}  ${basename(file)}\n`, { mode: 0o644 });

/** Whether a file is still what was unpacked. One of an earlier version, without a record, is taken at its word. */
export const isIntact = async (file: string): Promise<boolean> => {
  try {
    const recorded = publishedHash(await readFile(recordOf(file), "utf8"));
    return recorded === (await sha256Of(file));
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "ENOENT";
  }
};

/** What is known of a file or folder must outlive a power cut before its name says that it is complete. */
export const flush = async (path: string): Promise<void> => {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** What a run that was killed left behind. Only the holder of the lock may call it. */
export const removePartials = async (folder: string, prefix: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix)) await rm(join(folder, name), { recursive: true, force: true });
  }
};
