import { Context, Effect, Layer, Queue } from "effect";
import { OperatorSignals } from "../../src/services/run/OperatorSignals.ts";

/** An operator who signals a second time. */
export class FakeSignals extends Context.Service<
  FakeSignals,
  { readonly again: Effect.Effect<void> }
>()("tare/testing/FakeSignals") {
  static readonly layer: Layer.Layer<FakeSignals | OperatorSignals> = Layer.effectContext(
    Effect.gen(function* () {
      const further = yield* Queue.unbounded<void>();
      const fake = FakeSignals.of({ again: Effect.asVoid(Queue.offer(further, undefined)) });
      return Context.make(FakeSignals, fake).pipe(
        Context.add(OperatorSignals, OperatorSignals.of({ further: Queue.take(further) })),
      );
    }),
  );
}
