/** What the command line says to questions that need no program: asked before anything of it is loaded. */

/** By the arguments, joined with a space: none of them has one. */
export interface Answers {
  readonly plain: Readonly<Record<string, string>>;
  readonly coloured: Readonly<Record<string, string>>;
}

export const answerTo = (
  answers: Answers,
  args: ReadonlyArray<string>,
  colours: boolean,
): string | undefined => {
  const question = args.join(" ");
  const known = colours ? answers.coloured : answers.plain;
  return Object.hasOwn(known, question) ? known[question] : undefined;
};
