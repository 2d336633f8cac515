import { Flag } from "effect/cli";

export const OUTPUTS = ["text", "json"] as const;

export const outputFlag = Flag.Literals("output", OUTPUTS).pipe(
  Flag.withDescription(
    "text: for people, on stderr; json: one object per line on stdout, the last one a summary (default: text)",
  ),
  Flag.withDefault("text" as const),
);

/** Read before anything is parsed: a command line that cannot be parsed is reported in JSON too. */
export const wantsJson = (args: ReadonlyArray<string>): boolean => {
  const end = args.indexOf("--");
  const flags = end === -1 ? args : args.slice(0, end);
  return flags.some(
    (word, index) =>
      word === "--output=json" || (word === "--output" && flags[index + 1] === "json"),
  );
};
