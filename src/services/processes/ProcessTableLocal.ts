import { hostname, userInfo } from "node:os";
import { Effect, Layer } from "effect";
import { originIn } from "../../domain/processes/actor.ts";
import type { ProcessIdentity } from "../../domain/processes/process-identity.ts";
import { attempt, processTable, runningProcesses, startTime } from "./local-processes.ts";
import { type ProcessFate, ProcessTable } from "./ProcessTable.ts";

const self = (): ProcessIdentity => {
  const [here, started] = [processTable(), startTime(process.pid)];
  return {
    user: attempt(() => userInfo().username) ?? "unknown",
    host: hostname(),
    pid: process.pid,
    ...(here === undefined ? {} : { table: here }),
    ...(started === undefined ? {} : { started }),
    ...originIn(process.env),
  };
};

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
    running: Effect.sync(runningProcesses),
  });
});
