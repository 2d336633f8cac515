import { Context, Effect, Layer } from "effect";

/** Signals beyond the first, which interrupts the run: the operator is losing patience. */
export class OperatorSignals extends Context.Service<
  OperatorSignals,
  {
    /** Completes when the next one comes. */
    readonly further: Effect.Effect<void>;
  }
>()("tare/services/OperatorSignals") {
  static readonly layerNone: Layer.Layer<OperatorSignals> = Layer.succeed(
    OperatorSignals,
    OperatorSignals.of({ further: Effect.never }),
  );
}
