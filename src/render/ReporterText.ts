import { Console, Effect, Layer } from "effect";
import { Reporter } from "../services/Reporter.ts";
import { type Paint, renderText } from "./text.ts";

/** Text for people, on stderr: stdout stays free for what a program asked for. */
export const layerReporterText = (paint: Paint): Layer.Layer<Reporter> =>
  Layer.succeed(
    Reporter,
    Reporter.of({
      report: (event) =>
        Effect.forEach(renderText(event, paint), (line) => Console.error(line), { discard: true }),
    }),
  );
