import { Clock, Console, Effect, Layer } from "effect";
import type { ReportEvent } from "../../domain/report/report.ts";
import type { WorkloadProgress } from "../../domain/rollout/progress.ts";
import type { OpenStreams } from "../../domain/streams/tally.ts";
import { Reporter } from "../../services/report/Reporter.ts";
import { endLines, NOTHING_YET, withEvent } from "./rollout/end-of-run.ts";
import { progressLine } from "./rollout/progress-bar.ts";
import type { Waiting } from "./rollout/rollout-lines.ts";
import { EMPTY_LOG, logEvent, logTick } from "./rollout/rollout-log.ts";
import { rowsTaken, tableLines } from "./rollout/rollout-table.ts";
import {
  type ColourChoice,
  canRedraw,
  hasColours,
  type ProgressChoice,
  sizeOf,
} from "./terminal.ts";
import { COLOURED, type Paint, PLAIN, renderText } from "./text.ts";
import { visibleEvent } from "./visible-event.ts";

const TICK = "1 second";

const isProgress = ({ _tag }: ReportEvent): boolean =>
  _tag === "DataPlaneProgress" || _tag === "StreamsProgress";

/** The lines of one event after those before it. */
const makeLines = (paint: Paint) => {
  let run = NOTHING_YET;
  return (event: ReportEvent): ReadonlyArray<string> => {
    run = withEvent(run, event);
    const lines = renderText(event, paint);
    return event._tag === "Completed" ? [...lines, ...endLines(run, event)] : lines;
  };
};

/** Text for people, on stderr: stdout stays free for what a program asked for. */
export const layerReporterText = (paint: Paint): Layer.Layer<Reporter> =>
  Layer.effect(
    Reporter,
    Effect.gen(function* () {
      let log = EMPTY_LOG;
      const linesOf = makeLines(paint);
      const print = (lines: ReadonlyArray<string>) =>
        Effect.forEach(lines, (line) => Console.error(line), { discard: true });
      const tick = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const [next, lines] = logTick(log, now);
        log = next;
        return print(lines);
      });
      yield* Effect.forkScoped(Effect.forever(Effect.delay(tick, TICK)));
      return Reporter.of({
        report: (told) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            const event = visibleEvent(told);
            const [next, changes] = logEvent(log, event, now);
            log = next;
            const lines = linesOf(event);
            return print(isProgress(event) ? changes : [...changes, ...lines]);
          }),
      });
    }),
  );

interface Screen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly write: (text: string) => unknown;
}

const ESCAPE = "\u001b[";

type Download = Extract<ReportEvent, { readonly _tag: "ToolDownloadProgress" }>;

/** The lines below everything that was said, which are drawn again in their place. */
const makeMovingLines = (screen: Screen) => {
  let drawn: ReadonlyArray<string> = [];
  const erase = (): string => {
    if (drawn.length === 0) return "";
    const rows = rowsTaken(drawn, sizeOf(screen).columns);
    drawn = [];
    return `${ESCAPE}${rows}A\r${ESCAPE}J`;
  };
  return {
    /** `said` stays, `moving` is replaced the next time; in one write, so that nothing is seen half-way. */
    draw: (said: ReadonlyArray<string>, moving: ReadonlyArray<string>) => {
      if (said.length === 0 && moving.length === 0 && drawn.length === 0) return;
      const text = `${erase()}${[...said, ...moving].map((line) => `${line}\n`).join("")}`;
      drawn = moving;
      screen.write(text);
    },
  };
};

/** The same on a terminal, where downloads and rollouts are drawn on lines that move. */
export const layerReporterTerminal = (paint: Paint, screen: Screen): Layer.Layer<Reporter> =>
  Layer.effect(
    Reporter,
    Effect.gen(function* () {
      const downloads = new Map<string, Download>();
      const lines = makeMovingLines(screen);
      const linesOf = makeLines(paint);
      let waiting: Waiting | undefined;
      let workloads: ReadonlyArray<WorkloadProgress> = [];
      let draining: ReadonlyArray<OpenStreams> = [];

      const note = (event: ReportEvent, now: number): void => {
        if (event._tag === "ToolDownloadProgress") downloads.set(event.tool, event);
        if (event._tag === "ToolDownloadEnded") downloads.delete(event.tool);
        if (event._tag === "DataPlaneProgress") workloads = event.deployments;
        if (event._tag === "StreamsProgress") draining = event.draining;
        if (event._tag === "RolloutEnded") waiting = undefined;
        if (event._tag === "RolloutStarted") {
          const { stage, budgetMillis } = event;
          waiting = { stage, budgetMillis, startedAtMillis: now };
        }
      };

      const moving = (now: number): ReadonlyArray<string> => {
        const size = sizeOf(screen);
        return [
          ...(downloads.size === 0 ? [] : [progressLine([...downloads.values()], size.columns)]),
          ...(waiting === undefined ? [] : tableLines(waiting, { workloads, draining }, now, size)),
        ];
      };

      const redraw = Effect.map(Clock.currentTimeMillis, (now) => {
        if (waiting !== undefined) lines.draw([], moving(now));
      });
      yield* Effect.forkScoped(Effect.forever(Effect.delay(redraw, TICK)));
      return Reporter.of({
        report: (told) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const event = visibleEvent(told);
            note(event, now);
            const said = linesOf(event);
            lines.draw(isProgress(event) ? [] : said, moving(now));
          }),
      });
    }),
  );

interface StderrOptions {
  readonly color?: ColourChoice | undefined;
  readonly progress?: ProgressChoice | undefined;
}

/** As this process's stderr and environment have it, unless it is chosen. */
export const layerReporterStderr = ({
  color,
  progress,
}: StderrOptions = {}): Layer.Layer<Reporter> => {
  const { stderr, env } = process;
  const paint = hasColours(stderr, env, color) ? COLOURED : PLAIN;
  return canRedraw(stderr, env, progress)
    ? layerReporterTerminal(paint, stderr)
    : layerReporterText(paint);
};
