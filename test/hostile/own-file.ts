import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string | undefined;

/** In a folder of this process; the file in it is the next one each time. */
export const ownFile = (name: string): string => {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "tare-hostile-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return join(folder, name);
};
