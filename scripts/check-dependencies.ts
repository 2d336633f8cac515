/**
 * What the lock file promises, without asking anybody: every package has a hash, a licence that goes with ours, no address of a
 * registry, and none runs a script when it is installed but those that are known to.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LockFile, objectionsTo } from "./build/lock-file.ts";

const lock = JSON.parse(
  readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8"),
) as LockFile;
const objections = objectionsTo(lock);
for (const objection of objections) console.error(objection);
const count = Object.keys(lock.packages).length - 1;
console.log(`${count} packages in the lock file, ${objections.length} objections`);
process.exitCode = objections.length === 0 ? 0 : 1;
