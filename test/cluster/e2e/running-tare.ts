/** tare as a process that a test can look at and end, in a terminal or without one. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { taresIn } from "./running-processes.ts";
import type { Operator } from "./tare.ts";

const program = join(import.meta.dirname, "../../../bin/tare.js");

export interface Ended {
  /** Nothing when it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** In a terminal, SIGINT is a Ctrl-C and SIGHUP the end of the terminal. */
export type OperatorSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

export interface RunningTare {
  /** What it has said up to now, on either stream. */
  readonly said: () => string;
  readonly ended: Promise<Ended>;
  readonly signal: (name: OperatorSignal) => void;
}

export interface TareWithoutTerminal extends RunningTare {
  readonly pid: number;
  readonly kill: () => void;
}

/** Milliseconds; a Helm that outlives its tare may keep a terminal open for longer. */
const SCREEN_IS_READ = 5_000;

const environment = ({ cluster, helm, home }: Operator, kubeconfig: string): NodeJS.ProcessEnv => ({
  ...cluster.env,
  KUBECONFIG: kubeconfig,
  HOME: home,
  TMPDIR: home,
  TARE_HELM: helm,
  TARE_KUBECTL: cluster.kubectl,
});

export const startTare = (
  who: Operator,
  args: ReadonlyArray<string>,
  kubeconfig: string,
  onLine: (line: string) => void = () => {},
): TareWithoutTerminal =>
  follow(
    spawn(process.execPath, [program, ...args], {
      env: environment(who, kubeconfig),
      stdio: ["ignore", "pipe", "pipe"],
    }),
    onLine,
  );

/** A `tare …` command as it was printed, and as a shell understands it. */
export const startTareCommand = (
  who: Operator,
  command: string,
  kubeconfig: string,
): TareWithoutTerminal => {
  const line = command.replace(/^tare /, `exec '${process.execPath}' '${program}' `);
  return follow(
    spawn("sh", ["-c", line], {
      env: environment(who, kubeconfig),
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
};

const follow = (
  child: ChildProcess,
  onLine: (line: string) => void = () => {},
): TareWithoutTerminal => {
  let stdout = "";
  let stderr = "";
  if (child.stderr !== null) createInterface({ input: child.stderr }).on("line", onLine);
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    // An orphaned Helm may keep the pipe open.
    child.once("exit", (code) => {
      setTimeout(() => resolve({ code, stdout, stderr }), 100);
    });
  });
  return {
    pid: child.pid ?? 0,
    said: () => stdout + stderr,
    ended,
    signal: (name) => {
      child.kill(name);
    },
    kill: () => {
      child.kill("SIGKILL");
    },
  };
};

export const startTareInTerminal = (
  who: Operator,
  args: ReadonlyArray<string>,
  kubeconfig: string,
): RunningTare => {
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
  const closed = new Promise<void>((resolve) => terminal.stdout.once("close", resolve));
  const code = (): number | undefined => {
    const text = existsSync(codeFile) ? readFileSync(codeFile, "utf8").trim() : "";
    return text === "" ? undefined : Number(text);
  };
  const ways: Record<OperatorSignal, () => void> = {
    SIGINT: () => terminal.stdin.write("\u0003"),
    SIGTERM: () => {
      for (const pid of taresIn(kubeconfig)) process.kill(pid, "SIGTERM");
    },
    SIGHUP: () => terminal.kill("SIGKILL"),
  };
  return {
    said: () => screen,
    ended: until("the end of tare in its terminal", () => code() !== undefined, 240).then(
      async () => {
        // What was written last is still on its way through the terminal.
        await Promise.race([closed, sleep(SCREEN_IS_READ)]);
        return { code: code() ?? null, stdout: "", stderr: screen };
      },
    ),
    signal: (name) => ways[name](),
  };
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
