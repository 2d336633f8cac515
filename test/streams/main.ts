/** `npm run streams`: holds streams through real proxies while these are upgraded, and counts the dropped ones. */
import { parseOptions, type StreamsOptions, USAGE, UsageError } from "./options.ts";
import { failedStreams, isAsPlanned, isTare, reportLines } from "./report.ts";
import { runStreams } from "./run.ts";

const log = (line: string) => console.error(`${new Date().toTimeString().slice(0, 8)} ${line}`);

const main = async (): Promise<number> => {
  let options: StreamsOptions | undefined;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const run = await runStreams(options, log);
  if (!isTare(options)) console.error(run.act.said);
  for (const line of reportLines(run)) console.log(line);
  if (!isAsPlanned(run)) {
    console.error(
      `${options.scenario} is to end with exit code ${run.planned}, after some streams`,
    );
    return 2;
  }
  return failedStreams(run) > 0 ? 1 : 0;
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error);
  process.exitCode = 2;
}
