import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startProcess, stopProcess, waitUntil } from "../processes.ts";
import { runcAndNft } from "./packages.ts";
import { partFolder } from "./parts.ts";
import { containerd, machineProgram } from "./programs.ts";

/** The machine that the real nodes of a cluster share: namespaces and cgroups that all end with one process. */

export const machineProcess = "machine";

export const machineFolder = (dir: string): string => join(dir, "machine");

/** Takes HTTP CONNECT and dials on the machine. */
export const insideSocket = (dir: string): string => join(machineFolder(dir), "inside.sock");

const execSocket = (dir: string) => join(machineFolder(dir), "exec.sock");

export interface MachineOptions {
  /** Of its nodes. */
  readonly addresses: ReadonlyArray<string>;
  /** Where the API server listens outside: it is reached under the same address inside. */
  readonly api: string;
}

export async function startMachine(dir: string, { addresses, api }: MachineOptions): Promise<void> {
  startProcess(dir, machineProcess, machineProgram(), [
    "run",
    `-dir=${machineFolder(dir)}`,
    `-api=${api}`,
    ...addresses.map((address) => `-address=${address}`),
  ]);
  await waitUntil("the machine of the real nodes", () => accepts(execSocket(dir)), {
    dir,
    processes: [machineProcess],
    seconds: 20,
  });
}

/** The command that runs a program on the machine and ends as it ends; its own end kills the program. */
export const onMachine = (
  dir: string,
  command: string,
  args: ReadonlyArray<string>,
): readonly [command: string, args: ReadonlyArray<string>] => [
  machineProgram(),
  ["exec", execSocket(dir), command, ...args],
];

/** The same for a shell: a program and its arguments follow. */
export const onMachineCommand = (dir: string): string =>
  [machineProgram(), "exec", execSocket(dir)].join(" ");

/** Starts a long-running process on the machine, recorded like all those of the cluster. */
export function startOnMachine(
  dir: string,
  name: string,
  command: string,
  args: ReadonlyArray<string>,
): void {
  const [exec, execArgs] = onMachine(dir, command, args);
  startProcess(dir, name, exec, execArgs, machineEnvironment());
}

/** What kubelet, containerd and kube-proxy start is not installed, but in folders of the cache. */
function machineEnvironment(): NodeJS.ProcessEnv {
  const debian = partFolder(runcAndNft);
  return {
    ...process.env,
    PATH: [partFolder(containerd), join(debian, "usr/sbin"), process.env.PATH].join(":"),
    LD_LIBRARY_PATH: [
      join(debian, "usr/lib/x86_64-linux-gnu"),
      join(debian, "lib/x86_64-linux-gnu"),
    ].join(":"),
  };
}

/** Ends it with all that runs on it, and removes its cgroups; nothing happens where there is none. */
export async function stopMachine(dir: string): Promise<void> {
  await stopProcess(dir, machineProcess, { graceMilliseconds: 0 });
  const list = join(machineFolder(dir), "cgroups");
  if (!existsSync(list)) return;
  const deadline = Date.now() + 20_000;
  for (const folder of readFileSync(list, "utf8").trim().split("\n")) {
    // The kernel takes a moment to end what has been killed, and refuses until then.
    while (!removeCgroup(folder)) {
      if (Date.now() > deadline) throw new Error(`processes in ${folder} do not end`);
      await sleep(20);
    }
  }
}

/** A cgroup's files cannot be removed and need not be: only folders count. */
function removeCgroup(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !removeCgroup(join(folder, entry.name))) return false;
    }
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", () => resolve(false));
  });
}
