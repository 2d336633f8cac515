import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Why no real node can run on this machine; undefined when one can. */
export function lackingForNodes(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return "this is not Linux on x86-64";
  if (process.getuid?.() !== 0) return "root is needed, to mount and to make networks";
  // Lines of version 2 have an empty list of controllers.
  if (!/^\d+:[^:]+:/m.test(readFileSync("/proc/self/cgroup", "utf8")))
    return "cgroups of version 1 are needed";
  const namespaces = ["--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup", "--fork"];
  if (!succeeds("unshare", [...namespaces, "true"])) return "namespaces cannot be made";
  const missing = [
    ["apt-get", "--version"],
    ["dpkg-deb", "--version"],
    ["python3", "-m", "pip", "--version"],
    ["tar", "--version"],
  ].find(([command = "", ...args]) => !succeeds(command, args));
  return missing && `${missing.slice(0, -1).join(" ")} is missing, and with it runc or Envoy`;
}

const succeeds = (command: string, args: ReadonlyArray<string>): boolean =>
  spawnSync(command, args, { stdio: "ignore" }).status === 0;
