import { Context, Effect, Layer, Ref } from "effect";
import { JournalFiles } from "../../src/services/run/JournalFiles.ts";

/** The journal's folder of the machine, in memory. */
export class FakeJournalFiles extends Context.Service<
  FakeJournalFiles,
  {
    readonly files: Effect.Effect<ReadonlyMap<string, string>>;
    /** As it was when a run was killed, which wrote no more from then on. */
    readonly restore: (files: ReadonlyMap<string, string>) => Effect.Effect<void>;
  }
>()("tare/testing/FakeJournalFiles") {
  static readonly layer: Layer.Layer<FakeJournalFiles | JournalFiles> = Layer.effectContext(
    Effect.gen(function* () {
      const files = yield* Ref.make<ReadonlyMap<string, string>>(new Map());
      const journal = JournalFiles.of({
        read: (name) => Effect.map(Ref.get(files), (known) => known.get(name)),
        write: (name, text) => Ref.update(files, (known) => new Map(known).set(name, text)),
      });
      const fake = FakeJournalFiles.of({
        files: Ref.get(files),
        restore: (known) => Ref.set(files, known),
      });
      return Context.make(FakeJournalFiles, fake).pipe(Context.add(JournalFiles, journal));
    }),
  );
}
