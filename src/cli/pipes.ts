/** Files that can be read once: a shell's `<(…)`, or what comes on stdin. A command that names one cannot be pasted. */
import { statSync } from "node:fs";

const DESCRIPTOR = /^\/dev\/(?:fd\/|std)|^\/proc\/[^/]+\/fd\//;

/** A folder is a mistake of another kind, and a missing file too. */
export const isPipe = (file: string): boolean => {
  if (DESCRIPTOR.test(file)) return true;
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
};

/** As it was given; what came through a pipe is named as the file that has to be written first. */
export const namedAgain = (file: string, otherwise: string): string =>
  isPipe(file) ? otherwise : file;
