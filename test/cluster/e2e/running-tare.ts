/** tare as a process that a test can look at and end, with the processes it started. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Operator } from "./tare.ts";

const root = join(import.meta.dirname, "../../..");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface RunningTare {
  readonly pid: number;
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
  readonly signal: (name: NodeJS.Signals) => void;
}

export const startTare = (
  { cluster, helm, home }: Operator,
  args: ReadonlyArray<string>,
  kubeconfig: string,
): RunningTare => {
  const child: ChildProcess = spawn(process.execPath, [join(root, "bin/tare.js"), ...args], {
    env: {
      ...cluster.env,
      KUBECONFIG: kubeconfig,
      HOME: home,
      TMPDIR: home,
      TARE_HELM: helm,
      TARE_KUBECTL: cluster.kubectl,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    // An orphaned Helm may keep the pipe open.
    child.once("exit", (code, signal) => {
      setTimeout(() => resolve({ code, signal, stderr }), 100);
    });
  });
  return {
    pid: child.pid ?? 0,
    stderr: () => stderr,
    ended,
    signal: (name) => {
      child.kill(name);
    },
  };
};

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly words: ReadonlyArray<string>;
}

const processes = (): ReadonlyArray<Process> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (state === "Z") return [];
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
        return [{ pid: Number(name), parent: Number(parent), words }];
      } catch {
        return [];
      }
    });

/** The Helms that a tare started and that still run. */
export const helmsOf = (tare: Pick<RunningTare, "pid">): ReadonlyArray<number> =>
  processes()
    .filter(({ parent }) => parent === tare.pid)
    .map(({ pid }) => pid);

/** Every Helm that works on this operator's cluster, whoever started it. */
export const helmsOn = ({ helm }: Operator, kubeconfig: string): ReadonlyArray<number> =>
  processes()
    .filter(({ pid, words }) => words[0] === helm && usesKubeconfig(pid, words, kubeconfig))
    .map(({ pid }) => pid);

const usesKubeconfig = (pid: number, words: ReadonlyArray<string>, file: string): boolean => {
  if (words.includes(file)) return true;
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`KUBECONFIG=${file}`);
  } catch {
    return false;
  }
};

export const until = async (what: string, holds: () => boolean, seconds = 60): Promise<void> => {
  const deadline = Date.now() + seconds * 1_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(50);
  }
};
