/** What the command line says to questions that need no program: asked before anything of it is loaded. */
import { type HelpLook, type HelpPage, helpText } from "./render/help/help-text.ts";

export interface Answers {
  /** What `--version` prints. */
  readonly version: string;
  /** By the arguments, joined with a space: none of them has one. */
  readonly pages: Readonly<Record<string, HelpPage>>;
}

/** With the last line's end; `undefined` for what the program has to say. */
export const answerTo = (
  { version, pages }: Answers,
  args: ReadonlyArray<string>,
  look: HelpLook,
): string | undefined => {
  const question = args.join(" ");
  if (question === "--version") return version;
  const page = Object.hasOwn(pages, question) ? pages[question] : undefined;
  return page === undefined ? undefined : `${helpText(page, look)}\n`;
};
