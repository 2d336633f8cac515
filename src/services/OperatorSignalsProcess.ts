import { Effect, Layer, Queue } from "effect";
import { OperatorSignals } from "./OperatorSignals.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Those that reach this process, while the layer lives. */
export const layerOperatorSignalsProcess: Layer.Layer<OperatorSignals> = Layer.effect(
  OperatorSignals,
  Effect.gen(function* () {
    const further = yield* Queue.unbounded<void>();
    let seen = 0;
    let counted = false;
    const count = () => {
      // One signal can be handed on as another: what comes in the same moment is the same.
      if (counted) return;
      counted = true;
      setImmediate(() => {
        counted = false;
      });
      seen += 1;
      if (seen > 1) Queue.offerUnsafe(further, undefined);
    };
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        for (const name of SIGNALS) process.on(name, count);
      }),
      () =>
        Effect.sync(() => {
          for (const name of SIGNALS) process.off(name, count);
        }),
    );
    return OperatorSignals.of({ further: Queue.take(further) });
  }),
);
