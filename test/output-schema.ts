/** What `--output json` promised, checked against what is published. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { OutputRecord, Summary } from "../src/render/json/json-records.ts";

export const publishedSchema: object = JSON.parse(
  readFileSync(join(import.meta.dirname, "../docs/json-output.schema.json"), "utf8"),
);

const isKnown = new Ajv2020().compile<OutputRecord>(publishedSchema);

/** The lines as records; throws at the first one that the schema does not know. */
export const recordsOf = (lines: ReadonlyArray<string>): ReadonlyArray<OutputRecord> =>
  lines.map((line) => {
    const record: unknown = JSON.parse(line);
    if (isKnown(record)) return record;
    throw new Error(`${line}: ${JSON.stringify(isKnown.errors)}`);
  });

/** The one summary, which must be the last line. */
export const summaryOf = (lines: ReadonlyArray<string>): Summary => {
  const records = recordsOf(lines);
  const last = records.at(-1);
  if (last?.type !== "summary") throw new Error(`the last line is no summary: ${lines.at(-1)}`);
  if (records.filter(({ type }) => type === "summary").length !== 1) {
    throw new Error("more than one summary");
  }
  return last;
};

export const printedLines = (stdout: string): ReadonlyArray<string> =>
  stdout.split("\n").filter((line) => line !== "");
