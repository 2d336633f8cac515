import { Context, Effect, Layer } from "effect";

/** An operator at a terminal, if there is one. */
export class Confirmation extends Context.Service<
  Confirmation,
  {
    /** False when there is no operator to ask. Interruptible. */
    readonly ask: (question: string) => Effect.Effect<boolean>;
  }
>()("tare/services/Confirmation") {
  static readonly layerNobody: Layer.Layer<Confirmation> = Layer.succeed(
    Confirmation,
    Confirmation.of({ ask: () => Effect.succeed(false) }),
  );
}
