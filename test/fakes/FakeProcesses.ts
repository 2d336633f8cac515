import { Context, Effect, Layer, Ref } from "effect";
import type { ProcessIdentity } from "../../src/domain/processes/process-identity.ts";
import { Kubectl } from "../../src/services/kube/Kubectl.ts";
import type { ReleaseLock } from "../../src/services/lock/ReleaseLock.ts";
import { layerReleaseLockLease } from "../../src/services/lock/ReleaseLockLease.ts";
import { ProcessTable, type RunningProcess } from "../../src/services/processes/ProcessTable.ts";

export const MACHINE = "machine-1";

/** A process of the simulated machine, unless another `table` says otherwise. */
export const processOn = (
  pid: number,
  { host = "build-1", table = MACHINE }: { host?: string; table?: string } = {},
): ProcessIdentity => ({ user: "operator", host, pid, table, started: `at-${pid}` });

/** A process on a machine of its own, of which nobody else can tell whether it lives. */
export const processElsewhere = (name: string): ProcessIdentity => ({
  user: name,
  host: name,
  pid: 1,
  table: name,
  started: "1",
});

export const THIS_PROCESS = processOn(100);

/** The processes of the machine that tare runs on. */
export class FakeProcesses extends Context.Service<
  FakeProcesses,
  {
    readonly start: (process: RunningProcess) => Effect.Effect<void>;
    /** `kill -9`. */
    readonly end: (pid: number) => Effect.Effect<void>;
    /** The list as `self` sees it. */
    readonly seenBy: (self: ProcessIdentity) => ProcessTable["Service"];
  }
>()("tare/testing/FakeProcesses") {
  static readonly layer: Layer.Layer<FakeProcesses> = Layer.effect(
    FakeProcesses,
    Effect.gen(function* () {
      const known = yield* Ref.make<ReadonlyMap<number, RunningProcess>>(new Map());
      const start = (process: RunningProcess) =>
        Ref.update(known, (all) => new Map(all).set(process.pid, process));
      yield* start({ pid: THIS_PROCESS.pid, words: ["tare", "upgrade"] });
      return FakeProcesses.of({
        start,
        end: (pid) => Ref.update(known, (all) => new Map([...all].filter(([one]) => one !== pid))),
        seenBy: (self) =>
          ProcessTable.of({
            self,
            fate: ({ pid, table }) =>
              Effect.map(Ref.get(known), (all) =>
                table !== self.table ? "unknown" : all.has(pid) ? "running" : "gone",
              ),
            running: Effect.map(Ref.get(known), (all) =>
              self.table === MACHINE ? [...all.values()] : [],
            ),
          }),
      });
    }),
  );
}

export const layerProcessTableOf = (
  self: ProcessIdentity,
): Layer.Layer<ProcessTable, never, FakeProcesses> =>
  Layer.effect(
    ProcessTable,
    Effect.map(FakeProcesses, (fake) => fake.seenBy(self)),
  );

/** Runs a program as another process, here or on another machine, with locks of its own. */
export const runAs =
  (self: ProcessIdentity) =>
  <A, E, R>(program: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const [kubectl, fake] = yield* Effect.all([Kubectl, FakeProcesses]);
      if (self.table === MACHINE) yield* fake.start({ pid: self.pid, words: ["tare", "upgrade"] });
      const table = Layer.succeed(ProcessTable, fake.seenBy(self));
      const lock: Layer.Layer<ReleaseLock> = Layer.fresh(layerReleaseLockLease).pipe(
        Layer.provide([table, Layer.succeed(Kubectl, kubectl)]),
      );
      return yield* Effect.provide(program, Layer.merge(table, lock));
    });
