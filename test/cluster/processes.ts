import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A long-running process of a cluster, known by pid and start time: a pid alone may since have been
 * given to somebody else. The record is a file, so that another command can end the process.
 */
interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  readonly startTime: string;
}

const recordFolder = (dir: string) => join(dir, "processes");
const recordPath = (dir: string, name: string) => join(recordFolder(dir), `${name}.json`);
export const logPath = (dir: string, name: string): string => join(dir, "logs", `${name}.log`);

/** Starts a process in a session of its own, so that it outlives this one; output goes to a log. */
export function startProcess(
  dir: string,
  name: string,
  command: string,
  args: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv = process.env,
): void {
  mkdirSync(recordFolder(dir), { recursive: true });
  mkdirSync(join(dir, "logs"), { recursive: true });
  const log = openSync(logPath(dir, name), "a");
  const child = spawn(command, args, {
    cwd: dir,
    env,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.once("error", () => {});
  child.unref();
  if (child.pid === undefined) throw new Error(`${command} could not be started`);
  const record: ProcessRecord = { name, pid: child.pid, startTime: startTime(child.pid) ?? "" };
  const partial = `${recordPath(dir, name)}.partial`;
  writeFileSync(partial, JSON.stringify(record));
  renameSync(partial, recordPath(dir, name));
}

export function isRunning(dir: string, name: string): boolean {
  const record = readRecord(dir, name);
  return record !== undefined && isSameProcess(record);
}

/** Asks a process to end, insists after the grace time, and returns when it is gone. */
export async function stopProcess(
  dir: string,
  name: string,
  { graceMilliseconds = 5000 }: { readonly graceMilliseconds?: number } = {},
): Promise<void> {
  const record = readRecord(dir, name);
  if (record === undefined) return;
  const insistAt = Date.now() + graceMilliseconds;
  let signal: NodeJS.Signals | undefined = graceMilliseconds > 0 ? "SIGTERM" : "SIGKILL";
  while (isSameProcess(record)) {
    if (Date.now() >= insistAt) signal = "SIGKILL";
    if (signal !== undefined) sendSignal(record.pid, signal);
    signal = undefined;
    await sleep(20);
  }
  rmSync(recordPath(dir, name), { force: true });
}

export function processNames(dir: string): ReadonlyArray<string> {
  if (!existsSync(recordFolder(dir))) return [];
  return readdirSync(recordFolder(dir))
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length));
}

/** The last lines of a process's log, to go into an error. */
export function logTail(dir: string, name: string, lines = 15): string {
  const path = logPath(dir, name);
  if (!existsSync(path)) return `${name}: no log`;
  const tail = readFileSync(path, "utf8").trimEnd().split("\n").slice(-lines);
  return [`last lines of ${name}:`, ...tail.map((line) => `  ${line.slice(0, 400)}`)].join("\n");
}

/** Polls until the probe holds; a process that dies meanwhile ends the wait with its last words. */
export async function waitUntil(
  what: string,
  probe: () => Promise<boolean>,
  { dir, processes, seconds }: { dir: string; processes: ReadonlyArray<string>; seconds: number },
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    if (await probe().catch(() => false)) return;
    const dead = processes.find((name) => !isRunning(dir, name));
    if (dead !== undefined)
      throw new Error(`${dead} ended while waiting for ${what}\n${logTail(dir, dead)}`);
    if (Date.now() > deadline) {
      const tails = processes.map((name) => logTail(dir, name)).join("\n");
      throw new Error(`${what}: not within ${seconds} s\n${tails}`);
    }
    await sleep(50);
  }
}

/**
 * Below the range that the kernel gives to clients. A server's port that is taken from that range can be given away while
 * the server restarts; a client that keeps retrying may even be given it as its own and connect to itself.
 */
function serverPorts(): { readonly first: number; readonly end: number } {
  const firstOfClients = Number(
    readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split("\t")[0],
  );
  const end = Math.min(firstOfClients, 32_000);
  return end - 10_000 > 1_024 ? { first: end - 10_000, end } : { first: 20_000, end: 32_000 };
}

function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** Ports that were free a moment ago, all held together so that no two are the same. */
export async function freePorts(count: number): Promise<ReadonlyArray<number>> {
  const held = new Map<number, Server>();
  const { first, end } = serverPorts();
  while (held.size < count) {
    const port = randomInt(first, end);
    const server = await listenOn(port);
    if (server !== undefined) held.set(port, server);
  }
  const servers = [...held.values()];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [...held.keys()];
}

/** The threads of a killed server can hold its port for a moment after the process has ended. */
export async function untilPortIsFree(port: number, seconds: number): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const server = await listenOn(port);
    if (server !== undefined) {
      await new Promise((resolve) => server.close(resolve));
      return;
    }
    if (Date.now() > deadline)
      throw new Error(`port ${port} is taken: not free within ${seconds} s`);
    await sleep(50);
  }
}

function readRecord(dir: string, name: string): ProcessRecord | undefined {
  const path = recordPath(dir, name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as ProcessRecord) : undefined;
}

function isSameProcess(record: ProcessRecord): boolean {
  return record.startTime !== "" && startTime(record.pid) === record.startTime;
}

/** In clock ticks since boot, as the kernel knows it; undefined for no process or a zombie. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : rest[18];
  } catch {
    return undefined;
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
