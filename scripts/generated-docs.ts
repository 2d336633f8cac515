/** Writes into the docs what stands elsewhere already, flags, exit codes and whole programs: `npm run docs:generated`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DOCTOR_FLAGS } from "../src/cli/commands/doctor.ts";
import {
  type ExitCode,
  IMAGES_EXIT_CODES,
  INSTALL_EXIT_CODES,
  UNINSTALL_EXIT_CODES,
  UPGRADE_EXIT_CODES,
} from "../src/cli/commands/exit-codes.ts";
import { IMAGES_FLAGS } from "../src/cli/commands/images.ts";
import { UNINSTALL_FLAGS } from "../src/cli/commands/uninstall-input.ts";
import type { DeclaredFlag } from "../src/cli/flags/declared-flag.ts";
import { INSTALL_FLAGS } from "../src/cli/flags/install-flags.ts";
import { UPGRADE_FLAGS } from "../src/cli/flags/upgrade-flags.ts";
import { HOME_CHECK, PREFLIGHT_CHECKS } from "../src/phases/checks/preflight.ts";
import { RELEASE_CHECKS } from "../src/phases/checks/release-checks.ts";
import { CHECK_TITLES, type CheckId } from "../src/words/checks/titles.ts";

const ROOT = join(import.meta.dirname, "..");

/** The pages that have something generated in them. */
export const PAGES = [
  "README.md",
  "docs/embedding.md",
  "docs/checks.md",
  "docs/install.md",
  "docs/images.md",
  "docs/uninstall.md",
].map((page) => join(ROOT, page));

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

/** On a page of the docs itself. */
const inDocs = (table: ReadonlyArray<string>): ReadonlyArray<string> =>
  table.map((line) => line.replaceAll("](docs/", "]("));

const exitCodeTable = (codes: ReadonlyArray<ExitCode>): ReadonlyArray<string> => [
  "| code | meaning |",
  "| --- | --- |",
  ...codes.map(({ code, short, full }) => `| ${code} | ${cell(full ?? short)} |`),
];

const checkTable = (checks: ReadonlyArray<{ readonly id: CheckId }>): ReadonlyArray<string> => [
  "| check | what holds when it finds nothing |",
  "| --- | --- |",
  ...checks.map(({ id }) => `| \`${id}\` | ${cell(CHECK_TITLES[id])} |`),
];

const ofHelp = (isAdvanced: boolean, flags: Readonly<Record<string, DeclaredFlag<unknown>>>) =>
  Object.values(flags).filter((flag) => (flag.isAdvanced ?? false) === isAdvanced);

const TABLES: Readonly<Record<string, ReadonlyArray<string>>> = {
  "upgrade flags": flagTable(ofHelp(false, UPGRADE_FLAGS)),
  "advanced flags": flagTable(ofHelp(true, UPGRADE_FLAGS)),
  "doctor flags": flagTable(ofHelp(false, DOCTOR_FLAGS)),
  "install flags": inDocs(flagTable(ofHelp(false, INSTALL_FLAGS))),
  "advanced install flags": inDocs(flagTable(ofHelp(true, INSTALL_FLAGS))),
  "images flags": inDocs(flagTable(Object.values(IMAGES_FLAGS))),
  "images exit codes": exitCodeTable(IMAGES_EXIT_CODES),
  "install exit codes": exitCodeTable(INSTALL_EXIT_CODES),
  "uninstall flags": inDocs(flagTable(ofHelp(false, UNINSTALL_FLAGS))),
  "advanced uninstall flags": inDocs(flagTable(ofHelp(true, UNINSTALL_FLAGS))),
  "uninstall exit codes": exitCodeTable(UNINSTALL_EXIT_CODES),
  "exit codes": exitCodeTable(UPGRADE_EXIT_CODES),
  "preflight checks": checkTable([...PREFLIGHT_CHECKS, HOME_CHECK]),
  "release checks": checkTable(RELEASE_CHECKS),
};

const BLOCK = /<!-- (table|file): (.+) -->\n[\s\S]*?<!-- end of \1 -->/g;

/** The page with all that is between its marks made again. */
export const generated = (page: string): string =>
  page.replaceAll(BLOCK, (_, kind: string, name: string) => {
    const table = TABLES[name];
    if (kind === "table" && table === undefined) throw new Error(`no table "${name}"`);
    const lines = table ?? ["```ts", readFileSync(join(ROOT, name), "utf8").trimEnd(), "```"];
    return `<!-- ${kind}: ${name} -->\n${lines.join("\n")}\n<!-- end of ${kind} -->`;
  });

if (import.meta.main) {
  for (const page of PAGES) writeFileSync(page, generated(readFileSync(page, "utf8")));
}
