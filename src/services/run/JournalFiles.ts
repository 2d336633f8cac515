import { Context, Effect, Layer } from "effect";

/** The copy of the journal that the cluster cannot lose: one small file per release, on this machine. */
export class JournalFiles extends Context.Service<
  JournalFiles,
  {
    /** Nothing when there is no such file, or it cannot be read. */
    readonly read: (name: string) => Effect.Effect<string | undefined>;
    /** Replaces the file as a whole; a full disk does not fail the run. */
    readonly write: (name: string, text: string) => Effect.Effect<void>;
  }
>()("tare/services/JournalFiles") {
  static readonly layerNone: Layer.Layer<JournalFiles> = Layer.succeed(
    JournalFiles,
    JournalFiles.of({
      read: () => Effect.succeed(undefined),
      write: () => Effect.void,
    }),
  );
}
