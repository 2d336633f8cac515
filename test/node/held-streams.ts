import { expect } from "vitest";
import { parseOptions } from "../streams/options.ts";
import { reportLines, type StreamsRun } from "../streams/report.ts";
import { runStreams } from "../streams/run.ts";

/** A run of `npm run streams` with these flags that went as planned and had streams open, whatever became of them. */
export const heldStreams = async (flags: string): Promise<StreamsRun> => {
  const options = parseOptions(flags.split(" "));
  if (options === undefined) throw new Error("no options");
  const run = await runStreams(options, () => {});
  expect(run.act.exitCode, run.act.said).toBe(run.planned);
  expect(run.streams.counts.peakOpen).toBeGreaterThanOrEqual(options.clients / 2);
  return run;
};

export const wholeReport = (run: StreamsRun): string =>
  [...reportLines(run), run.act.said].join("\n");
