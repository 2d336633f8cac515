/** A reporter of our own: one line of JSON for each event, wherever `write` puts it. */
import { Effect, Layer } from "effect";
import { Reporter } from "tare";

export const layerJsonReporter = (write: (line: string) => void): Layer.Layer<Reporter> =>
  Layer.succeed(
    Reporter,
    Reporter.of({ report: (event) => Effect.sync(() => write(JSON.stringify(event))) }),
  );
