/** The help of one command, laid out for a width. It loads nothing: the executable prints it before the program is there. */

export interface HelpRow {
  readonly term: string;
  readonly text: string;
}

export interface HelpSection {
  readonly title: string;
  readonly rows: ReadonlyArray<HelpRow>;
  /** Shown with `--help --all` alone. */
  readonly isAdvanced?: boolean;
}

export interface HelpPage {
  /** Paragraphs; a line that begins with a space is shown as it is. */
  readonly about: string;
  readonly usage: string;
  readonly sections: ReadonlyArray<HelpSection>;
  readonly examples: ReadonlyArray<{ readonly command: string; readonly note: string | undefined }>;
  readonly more: ReadonlyArray<HelpRow>;
}

export interface HelpLook {
  readonly columns: number;
  readonly colours: boolean;
  /** With the flags that few clusters need. */
  readonly all: boolean;
}

const INDENT = 2;
const GAP = 2;
const WIDEST_TERM = 30;
/** Where less is left beside the terms, texts go below them. */
const NARROWEST_TEXT = 36;
const BELOW = 6;

const wrapped = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  for (const word of text.split(/\s+/).filter((one) => one !== "")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
};

const indented = (by: number, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.map((line) => `${" ".repeat(by)}${line}`);

const rowLines = (
  { term, text }: HelpRow,
  termWidth: number,
  { columns, colours }: HelpLook,
): ReadonlyArray<string> => {
  const shown = colours ? `\u001b[1m${term}\u001b[22m` : term;
  const beside = INDENT + termWidth + GAP;
  const head = `${" ".repeat(INDENT)}${shown}`;
  if (columns - beside < NARROWEST_TEXT) {
    return [head, ...indented(BELOW, wrapped(text, columns - BELOW))];
  }
  const [first = "", ...rest] = wrapped(text, columns - beside);
  const others = indented(beside, rest);
  return term.length > termWidth
    ? [head, ...indented(beside, [first]), ...others]
    : [`${head}${" ".repeat(termWidth - term.length + GAP)}${first}`.trimEnd(), ...others];
};

const table = (rows: ReadonlyArray<HelpRow>, look: HelpLook): ReadonlyArray<string> => {
  const termWidth = Math.min(WIDEST_TERM, Math.max(...rows.map(({ term }) => term.length)));
  return rows.flatMap((row) => rowLines(row, termWidth, look));
};

const paragraphs = (text: string, columns: number): ReadonlyArray<string> =>
  text
    .split("\n")
    .flatMap((line) => (line === "" || line.startsWith(" ") ? [line] : wrapped(line, columns)));

const titled = (
  title: string,
  lines: ReadonlyArray<string>,
  { colours }: HelpLook,
): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", colours ? `\u001b[1m${title}\u001b[22m` : title, ...lines];

export const helpText = (page: HelpPage, look: HelpLook): string => {
  const shown = page.sections.filter(
    ({ isAdvanced = false, rows }) => rows.length > 0 && (look.all || !isAdvanced),
  );
  const examples = page.examples.flatMap(({ command, note }, index) => [
    ...(index === 0 ? [] : [""]),
    ...(note === undefined ? [] : [`  # ${note}`]),
    `  ${command}`,
  ]);
  return [
    ...paragraphs(page.about, look.columns),
    ...titled("USAGE", [`  ${page.usage}`], look),
    ...shown.flatMap(({ title, rows }) => titled(title, table(rows, look), look)),
    ...titled("EXAMPLES", examples, look),
    ...titled("LEARN MORE", page.more.length === 0 ? [] : table(page.more, look), look),
  ].join("\n");
};
