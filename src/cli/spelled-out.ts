/** `tare help upgrade` is `tare upgrade --help`, and `tare version` is `tare --version`: both are typed by habit. */
export const spelledOut = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [first, ...others] = args;
  if (first === "help" && others.every((word) => !word.startsWith("-")))
    return [...others, "--help"];
  return first === "version" && others.length === 0 ? ["--version"] : args;
};
