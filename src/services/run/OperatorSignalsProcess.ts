import { Effect, Layer, Queue } from "effect";
import { OperatorSignals } from "./OperatorSignals.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * One signal can come twice: to the whole process group, and passed on by the launcher, by `timeout` or by npm; or as another
 * one. No operator presses Ctrl-C twice as fast.
 */
const SAME_WITHIN_MILLIS = 500;

/** Those that reach this process, while the layer lives. */
export const layerOperatorSignalsProcess: Layer.Layer<OperatorSignals> = Layer.effect(
  OperatorSignals,
  Effect.gen(function* () {
    const further = yield* Queue.unbounded<void>();
    let seen = 0;
    let lastMillis = Number.NEGATIVE_INFINITY;
    const count = () => {
      const nowMillis = performance.now();
      const isSame = nowMillis - lastMillis < SAME_WITHIN_MILLIS;
      lastMillis = nowMillis;
      if (isSame) return;
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
