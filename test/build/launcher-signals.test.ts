import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** The launcher of an old Node, with a program that only notes the signals it gets, at a terminal and without one. */

const root = join(import.meta.dirname, "../..");
const AN_OLD_NODE =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}})";
const PROGRAM = `import { appendFileSync } from "node:fs";
const note = (text) => appendFileSync(process.env.NOTES, text + "\\n");
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => note(name));
setTimeout(() => process.exit(7), 20_000);
process.on("SIGUSR2", () => process.exit(42));
note("pid " + process.pid + " of " + process.ppid);
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "launcher-"));
  mkdirSync(join(folder, "src"));
  cpSync(join(root, "bin"), join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "src/main.ts"), PROGRAM);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Launched {
  readonly process: ChildProcess;
  readonly launcher: number;
  readonly program: number;
  /** Each signal that the program got. */
  readonly signals: () => ReadonlyArray<string>;
  readonly code: Promise<number | null>;
}

const eventually = async <A>(look: () => A | undefined): Promise<A> => {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(25);
  }
  throw new Error("not within 10 s");
};

let started = 0;

const launch = async (at: "a terminal" | "a pipe"): Promise<Launched> => {
  started += 1;
  const notes = join(folder, `notes-${started}`);
  writeFileSync(notes, "");
  const words = [process.execPath, "--import", AN_OLD_NODE, join(folder, "bin/tare.js")];
  const env = { ...process.env, NOTES: notes, SHELL: "/bin/sh" };
  const shell = `exec ${words.map((word) => `"${word}"`).join(" ")}`;
  const [command = "", ...args] =
    at === "a terminal"
      ? ["script", "--quiet", "--return", "--command", shell, "/dev/null"]
      : words;
  const child = spawn(command, args, {
    env,
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const lines = () => readFileSync(notes, "utf8").trim().split("\n");
  const [, program, launcher] = await eventually(
    () => /^pid (\d+) of (\d+)$/.exec(lines()[0] ?? "") ?? undefined,
  );
  return {
    process: child,
    launcher: Number(launcher),
    program: Number(program),
    signals: () => lines().slice(1),
    code,
  };
};

/** Whether what came first is all that came: the rest of it, passed on, comes in the same moment. */
const received = async ({ signals }: Launched): Promise<ReadonlyArray<string>> => {
  await eventually(() => signals()[0]);
  await sleep(150);
  return signals();
};

const end = async ({ program, code }: Launched): Promise<void> => {
  process.kill(program, "SIGUSR2");
  expect(await code).toBe(42);
};

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

describe("a signal to the launcher alone", () => {
  it.each(SIGNALS)("%s reaches the program at a terminal", async (name) => {
    const launched = await launch("a terminal");
    process.kill(launched.launcher, name);
    expect(await received(launched)).toEqual([name]);
    await end(launched);
  });

  it.each(SIGNALS)("%s reaches the program without a terminal", async (name) => {
    const launched = await launch("a pipe");
    process.kill(launched.launcher, name);
    expect(await received(launched)).toEqual([name]);
    await end(launched);
  });
});

describe("a signal to everything", () => {
  it("is a Ctrl-C at a terminal, and comes in one moment", async () => {
    const launched = await launch("a terminal");
    launched.process.stdin?.write("\u0003");
    expect(new Set(await received(launched))).toEqual(new Set(["SIGINT"]));
    await end(launched);
  });

  it.each(SIGNALS)("%s to the group without a terminal comes in one moment", async (name) => {
    const launched = await launch("a pipe");
    process.kill(-(launched.process.pid ?? 0), name);
    expect(new Set(await received(launched))).toEqual(new Set([name]));
    await end(launched);
  });
});

describe("a program that a signal has ended", () => {
  it.each([
    ["SIGKILL", 137],
    ["SIGABRT", 134],
  ] as const)("by %s leaves the launcher with %i", async (name, expected) => {
    const launched = await launch("a pipe");
    process.kill(launched.program, name);
    expect(await launched.code).toBe(expected);
  });
});
