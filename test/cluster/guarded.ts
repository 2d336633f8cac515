import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

/** A folder with this file may be removed, once the processes written down in it have ended. */
export const stateFile = (dir: string): string => join(dir, "cluster.json");

/** The guard holds a pipe to this process: when it breaks, the cluster has lost its owner. */
export function startGuard(dir: string): ChildProcess {
  const guard = spawn(process.execPath, [join(import.meta.dirname, "guard.ts"), dir], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.once("error", () => {});
  guard.stdin.on("error", () => {});
  (guard.stdin as unknown as { unref(): void }).unref();
  guard.unref();
  return guard;
}
