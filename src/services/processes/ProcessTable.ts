import { Context, Effect, Layer } from "effect";
import type { ProcessIdentity } from "../../domain/processes/process-identity.ts";

/** `unknown` for a process of another machine or container, or where the system does not say. */
export type ProcessFate = "running" | "gone" | "unknown";

export interface RunningProcess {
  readonly pid: number;
  /** The command line, the program first. */
  readonly words: ReadonlyArray<string>;
  /** The API server it works on, when tare started it and we may look. */
  readonly cluster?: string | undefined;
}

/** What can be known for certain about the processes of this machine. */
export class ProcessTable extends Context.Service<
  ProcessTable,
  {
    readonly self: ProcessIdentity;
    readonly fate: (process: ProcessIdentity) => Effect.Effect<ProcessFate>;
    /** Every process that can be seen from here; `undefined` where the system does not tell. */
    readonly running: Effect.Effect<ReadonlyArray<RunningProcess> | undefined>;
  }
>()("tare/services/ProcessTable") {
  /** For programs that embed phases on a machine that says nothing about its processes. */
  static readonly layerUnknown = (self: ProcessIdentity): Layer.Layer<ProcessTable> =>
    Layer.succeed(
      ProcessTable,
      ProcessTable.of({
        self,
        fate: () => Effect.succeed("unknown"),
        running: Effect.succeed(undefined),
      }),
    );
}
