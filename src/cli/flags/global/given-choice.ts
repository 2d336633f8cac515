/** Read before anything is parsed: a command line that cannot be parsed is answered in the form that it asks for, too. */
export const givenChoice = <Choice extends string>(
  args: ReadonlyArray<string>,
  flag: string,
  choices: ReadonlyArray<Choice>,
): Choice | undefined => {
  const end = args.indexOf("--");
  const words = end === -1 ? args : args.slice(0, end);
  return words
    .flatMap((word, index) =>
      choices.filter(
        (choice) =>
          word === `--${flag}=${choice}` || (word === `--${flag}` && words[index + 1] === choice),
      ),
    )
    .at(-1);
};
