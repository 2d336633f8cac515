/** tare as a process that a test can look at and end, with the processes it started. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
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

const environment = ({ cluster, helm, home }: Operator, kubeconfig: string): NodeJS.ProcessEnv => ({
  ...cluster.env,
  KUBECONFIG: kubeconfig,
  HOME: home,
  TMPDIR: home,
  TARE_HELM: helm,
  TARE_KUBECTL: cluster.kubectl,
});

const program = join(root, "bin/tare.js");

export const startTare = (
  who: Operator,
  args: ReadonlyArray<string>,
  kubeconfig: string,
): RunningTare => {
  const child: ChildProcess = spawn(process.execPath, [program, ...args], {
    env: environment(who, kubeconfig),
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

/** tare in a terminal. */
export interface TareInTerminal {
  /** Everything the terminal showed. */
  readonly screen: () => string;
  readonly ctrlC: () => void;
  /** Closes the window. */
  readonly hangUp: () => void;
  /** Its exit code, as its shell saw it. */
  readonly code: () => number | undefined;
}

export const startTareInTerminal = (
  who: Operator,
  args: ReadonlyArray<string>,
  kubeconfig: string,
): TareInTerminal => {
  const codeFile = join(mkdtempSync(join(who.home, "terminal-")), "code");
  const words = [process.execPath, program, ...args].map((word) => `'${word}'`).join(" ");
  // The shell dies with its terminal, which is how its jobs hear of that; the one inside stays to note the exit code.
  const shell = `trap : INT; (trap '' HUP; trap : INT; ${words}; echo $? > '${codeFile}'); :`;
  const terminal = spawn("script", ["--quiet", "--flush", "--command", shell, "/dev/null"], {
    env: { ...environment(who, kubeconfig), SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  let screen = "";
  terminal.stdout.on("data", (chunk: Buffer) => {
    screen += chunk.toString();
  });
  terminal.stdin.on("error", () => {});
  return {
    screen: () => screen,
    ctrlC: () => {
      terminal.stdin.write("\u0003");
    },
    hangUp: () => {
      terminal.kill("SIGKILL");
    },
    code: () => {
      const text = existsSync(codeFile) ? readFileSync(codeFile, "utf8").trim() : "";
      return text === "" ? undefined : Number(text);
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

export const until = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds = 60,
): Promise<void> => {
  const deadline = Date.now() + seconds * 1_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(50);
  }
};
