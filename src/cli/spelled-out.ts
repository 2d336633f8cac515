const HELP = ["--help", "-h"];

/** `tare help upgrade` is `tare upgrade --help`, and `tare version` is `tare --version`: both are typed by habit. */
const spelledOut = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [first, ...others] = args;
  if (first === "help" && others.every((word) => !word.startsWith("-")))
    return [...others, "--help"];
  return first === "version" && others.length === 0 ? ["--version"] : args;
};

interface Asked {
  readonly args: ReadonlyArray<string>;
  /** `--all`, which says something of help alone. */
  readonly all: boolean;
}

/** The words after `tare`, as the command line takes them. */
export const asked = (words: ReadonlyArray<string>): Asked => {
  const isHelp = words[0] === "help" || words.some((word) => HELP.includes(word));
  const all = isHelp && words.includes("--all");
  return { args: spelledOut(all ? words.filter((word) => word !== "--all") : words), all };
};
