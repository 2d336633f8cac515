/** Writes the tables of flags and exit codes into the README, from where they are declared: `npm run docs:tables`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DOCTOR_FLAGS } from "../src/cli/commands/doctor.ts";
import { type ExitCode, UPGRADE_EXIT_CODES } from "../src/cli/commands/exit-codes.ts";
import type { DeclaredFlag } from "../src/cli/flags/declared-flag.ts";
import { UPGRADE_FLAGS } from "../src/cli/flags/upgrade-flags.ts";

export const README = join(import.meta.dirname, "../README.md");

type Row = Pick<DeclaredFlag<unknown>, "name" | "metavar" | "preset" | "help" | "more" | "page">;

const cell = (text: string): string => text.replaceAll("|", "\\|");

const flagRow = ({ name, metavar, preset, help, more, page }: Row): string => {
  const shown = metavar === undefined ? `--${name}` : `--${name} ${metavar}`;
  const text = [help, ...(more === undefined ? [] : [more])].map(cell).join("; ");
  const link = page === undefined ? "" : ` ([more](${page}))`;
  return `| \`${shown}\` | ${cell(preset)} | ${text}${link} |`;
};

const flagTable = (flags: ReadonlyArray<Row>): ReadonlyArray<string> => [
  "| flag | default | what it does |",
  "| --- | --- | --- |",
  ...flags.map(flagRow),
];

const exitCodeTable = (codes: ReadonlyArray<ExitCode>): ReadonlyArray<string> => [
  "| code | meaning |",
  "| --- | --- |",
  ...codes.map(({ code, short, full }) => `| ${code} | ${cell(full ?? short)} |`),
];

const ofHelp = (isAdvanced: boolean, flags: Readonly<Record<string, DeclaredFlag<unknown>>>) =>
  Object.values(flags).filter((flag) => (flag.isAdvanced ?? false) === isAdvanced);

const TABLES: Readonly<Record<string, ReadonlyArray<string>>> = {
  "upgrade flags": flagTable(ofHelp(false, UPGRADE_FLAGS)),
  "advanced flags": flagTable(ofHelp(true, UPGRADE_FLAGS)),
  "doctor flags": flagTable(ofHelp(false, DOCTOR_FLAGS)),
  "exit codes": exitCodeTable(UPGRADE_EXIT_CODES),
};

/** The README with each table between its two marks made again. */
export const withTables = (readme: string): string =>
  Object.entries(TABLES).reduce((text, [name, lines]) => {
    const [begin, end] = [`<!-- table: ${name} -->`, `<!-- end of table: ${name} -->`];
    const [before, rest] = text.split(`${begin}\n`);
    const after = rest?.split(end)[1];
    if (before === undefined || after === undefined) throw new Error(`no table "${name}"`);
    return `${before}${begin}\n${lines.join("\n")}\n${end}${after}`;
  }, readme);

if (import.meta.main) writeFileSync(README, withTables(readFileSync(README, "utf8")));
