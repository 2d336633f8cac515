/** What Linux says of processes in `/proc`; elsewhere nothing about another process is certain. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { CLUSTER_MARK } from "../../domain/run/recovery.ts";
import type { RunningProcess } from "./ProcessTable.ts";

export const attempt = <A>(read: () => A): A | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** The boot and the namespace of process numbers: where both are the same, so are the processes. */
export const processTable = (): string | undefined =>
  attempt(() => {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  });

/** Clock ticks since the boot; `undefined` for no process, and for one that has ended and only waits to be collected. */
export const startTime = (pid: number): string | undefined =>
  attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in brackets, can hold spaces and brackets.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : rest[18];
  });

export const runningProcesses = (): ReadonlyArray<RunningProcess> | undefined =>
  attempt(() => readdirSync("/proc").filter((name) => /^\d+$/.test(name)))?.flatMap((name) => {
    const pid = Number(name);
    if (startTime(pid) === undefined) return [];
    const words = attempt(() => readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0"));
    if (words === undefined) return [];
    const variables = attempt(() => readFileSync(`/proc/${name}/environ`, "utf8").split("\0"));
    const mark = `${CLUSTER_MARK}=`;
    const cluster = variables?.find((one) => one.startsWith(mark))?.slice(mark.length);
    return [{ pid, words: words.filter((word) => word !== ""), cluster }];
  });
