import { Console, Effect, Layer } from "effect";
import type { ReportEvent } from "../domain/report.ts";
import { Reporter } from "../services/Reporter.ts";
import { progressLine } from "./progress-bar.ts";
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

export interface Screen {
  readonly columns?: number | undefined;
  readonly write: (text: string) => unknown;
}

const START_OF_EMPTY_LINE = "\r\u001b[K";
const USUAL_COLUMNS = 80;

type Progress = Extract<ReportEvent, { readonly _tag: "ToolDownloadProgress" }>;

/** The same on a terminal, where downloads are drawn on a last line that moves. */
export const layerReporterTerminal = (paint: Paint, screen: Screen): Layer.Layer<Reporter> =>
  Layer.sync(Reporter, () => {
    const downloads = new Map<string, Progress>();
    let drawn = false;
    const erase = () => {
      if (drawn) screen.write(START_OF_EMPTY_LINE);
      drawn = false;
    };
    const draw = () => {
      if (downloads.size === 0) return;
      const line = progressLine([...downloads.values()], screen.columns ?? USUAL_COLUMNS);
      screen.write(`${START_OF_EMPTY_LINE}${line}`);
      drawn = true;
    };
    return Reporter.of({
      report: (event) =>
        Effect.sync(() => {
          if (event._tag === "ToolDownloadProgress") downloads.set(event.tool, event);
          if (event._tag === "ToolDownloadEnded") downloads.delete(event.tool);
          const lines = renderText(event, paint);
          if (lines.length > 0 || downloads.size === 0) erase();
          for (const line of lines) screen.write(`${line}\n`);
          draw();
        }),
    });
  });

export const layerReporterStderr = (paint: Paint): Layer.Layer<Reporter> =>
  process.stderr.isTTY === true
    ? layerReporterTerminal(paint, process.stderr)
    : layerReporterText(paint);
