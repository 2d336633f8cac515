/** The table of invariants in docs/simulation.md, written from the code. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { INVARIANTS } from "./invariants.ts";

const PAGE = resolve(import.meta.dirname, "../../docs/simulation.md");
const [BEGIN, END] = ["<!-- invariants -->", "<!-- end of invariants -->"];

const cell = (text: string): string => text.replaceAll("|", "\\|");

export const invariantTable = (): string =>
  [
    "| Invariant | What must hold | Why |",
    "| --- | --- | --- |",
    ...INVARIANTS.map(({ name, what, why }) => `| \`${name}\` | ${cell(what)} | ${cell(why)} |`),
  ].join("\n");

export const readPage = (): string => readFileSync(PAGE, "utf8");

export const pageWith = (page: string, table: string): string => {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${PAGE} has lost its markers`);
  return `${page.slice(0, begin + BEGIN.length)}\n${table}\n${page.slice(end)}`;
};

export const writePage = (): void => writeFileSync(PAGE, pageWith(readPage(), invariantTable()));
