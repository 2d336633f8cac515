import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { Effect, Layer } from "effect";
import { originIn } from "../domain/actor.ts";
import type { ProcessIdentity } from "../domain/process-identity.ts";
import { CLUSTER_MARK } from "../domain/recovery.ts";
import { type ProcessFate, ProcessTable, type RunningProcess } from "./ProcessTable.ts";

const attempt = <A>(read: () => A): A | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** The boot and the namespace of process numbers: where both are the same, so are the processes. */
const table = (): string | undefined =>
  attempt(() => {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  });

/** Clock ticks since the boot; `undefined` for no process, and for one that has ended and only waits to be collected. */
const startTime = (pid: number): string | undefined =>
  attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in brackets, can hold spaces and brackets.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : rest[18];
  });

const self = (): ProcessIdentity => {
  const [here, started] = [table(), startTime(process.pid)];
  return {
    user: attempt(() => userInfo().username) ?? "somebody",
    host: hostname(),
    pid: process.pid,
    ...(here === undefined ? {} : { table: here }),
    ...(started === undefined ? {} : { started }),
    ...originIn(process.env),
  };
};

const running = (): ReadonlyArray<RunningProcess> | undefined =>
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

/** Linux says what is needed in `/proc`; elsewhere nothing about another process is certain. */
export const layerProcessTableLocal: Layer.Layer<ProcessTable> = Layer.sync(ProcessTable, () => {
  const me = self();
  const fate = ({ pid, table: where, started }: ProcessIdentity): ProcessFate => {
    if (me.table === undefined || me.table !== where || started === undefined) return "unknown";
    return startTime(pid) === started ? "running" : "gone";
  };
  return ProcessTable.of({
    self: me,
    fate: (process) => Effect.sync(() => fate(process)),
    running: Effect.sync(running),
  });
});
