import { Context, Effect, Layer, Ref } from "effect";
import { FailureReports } from "../../src/services/rollout/FailureReports.ts";

/** Failure reports kept in memory, by the file they would be in. */
export class FakeReports extends Context.Service<
  FakeReports,
  { readonly saved: Effect.Effect<ReadonlyMap<string, string>> }
>()("tare/testing/FakeReports") {
  static readonly layer: Layer.Layer<FailureReports | FakeReports> = Layer.effectContext(
    Effect.gen(function* () {
      const files = yield* Ref.make<ReadonlyMap<string, string>>(new Map());
      const reports = FailureReports.of({
        save: (subject, text) => {
          const file = `/home/operator/.tare/reports/${subject}.txt`;
          return Effect.as(
            Ref.update(files, (known) => new Map(known).set(file, text)),
            file,
          );
        },
      });
      return Context.make(FakeReports, FakeReports.of({ saved: Ref.get(files) })).pipe(
        Context.add(FailureReports, reports),
      );
    }),
  );
}
