/**
 * `npm run streams:full`: all the runs, with their table into docs/benchmarks.md. `npm run streams:full -- 2 5` does those
 * two and writes nothing; `--list` says which there are; `--at-once 2` does two at a time. Takes two hours, or one.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pageWith } from "../../bench/page.ts";
import { parseOptions } from "./options.ts";
import { failedStreams, isAsPlanned, reportLines, TABLE_HEAD, tableRow } from "./report.ts";
import { runStreams } from "./run.ts";
import { type PlannedRun, RUNS } from "./runs.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = join(ROOT, "docs/benchmarks.md");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "boolean", default: false },
    "at-once": { type: "string", default: "1" },
  },
});

const commandOf = ({ flags }: PlannedRun) => `npm run streams -- ${flags}`.replace(/ -- $/, "");

const logOf =
  (run: PlannedRun) =>
  (line: string): void =>
    console.error(`${new Date().toTimeString().slice(0, 8)} ${RUNS.indexOf(run) + 1}: ${line}`);

/** The row of a run, and whether it dropped what it was to drop. */
const rowOf = async (planned: PlannedRun): Promise<{ row: string; isGood: boolean }> => {
  const log = logOf(planned);
  log(`${planned.title}: ${commandOf(planned)}`);
  const options = parseOptions(planned.flags.split(" ").filter((word) => word !== ""));
  if (options === undefined) throw new Error(`${planned.title} has no options`);
  try {
    const run = await runStreams(options, log);
    if (!isAsPlanned(run)) console.error(run.act.said);
    for (const line of reportLines(run)) log(line);
    const drops = failedStreams(run) > 0 ? "some" : "none";
    return {
      row: tableRow(planned.title, run),
      isGood: isAsPlanned(run) && drops === planned.drops,
    };
  } catch (error) {
    console.error(error);
    return { row: `| ${planned.title} | did not run | | | | | | | |`, isGood: false };
  }
};

/** Each row as soon as it is known: what comes later may fail. */
const writePage = (rows: ReadonlyArray<string | undefined>): void => {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const atOnce = values["at-once"] === "1" ? "" : `, ${values["at-once"]} runs at a time`;
  const lines = [
    `\`npm run streams:full\` at commit ${commit.trim()}, ${new Date().toISOString().slice(0, 10)}${atOnce}.`,
    "",
    ...TABLE_HEAD,
    ...rows.filter((row) => row !== undefined),
  ];
  writeFileSync(PAGE, pageWith(readFileSync(PAGE, "utf8"), "streams", lines.join("\n")));
};

const allRows = async (chosen: ReadonlyArray<PlannedRun>): Promise<boolean> => {
  const rows = new Array<string | undefined>(chosen.length);
  const waiting = [...chosen.entries()];
  let allGood = true;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, planned] = next;
      const { row, isGood } = await rowOf(planned);
      allGood &&= isGood;
      rows[index] = row;
      console.log(row);
      if (chosen === RUNS) writePage(rows);
    }
  };
  await Promise.all(Array.from({ length: Number(values["at-once"]) }, work));
  return allGood;
};

if (values.list) {
  for (const [index, planned] of RUNS.entries()) {
    console.log(`${index + 1}  ${planned.title}: ${commandOf(planned)}`);
  }
} else {
  const chosen = RUNS.filter((_, index) => positionals.includes(String(index + 1)));
  process.exitCode = (await allRows(positionals.length === 0 ? RUNS : chosen)) ? 0 : 1;
}
