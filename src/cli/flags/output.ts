import { Flag } from "effect/cli";
import { declare, wordsUnless } from "./declared-flag.ts";

const OUTPUTS = ["text", "json"] as const;

export const OUTPUT_FLAG = declare<(typeof OUTPUTS)[number]>(
  "output",
  Flag.withDefault(Flag.Literals("output", OUTPUTS), "text" as const),
  {
    help: "text (for people, on stderr) or json (JSON Lines on stdout, ending with a summary)",
    preset: "text",
    page: "docs/json-output.md",
  },
  wordsUnless("output", "text"),
);

export const outputFlag = OUTPUT_FLAG.flag;

/** Read before anything is parsed: a command line that cannot be parsed is reported in JSON too. */
export const wantsJson = (args: ReadonlyArray<string>): boolean => {
  const end = args.indexOf("--");
  const flags = end === -1 ? args : args.slice(0, end);
  return flags.some(
    (word, index) =>
      word === "--output=json" || (word === "--output" && flags[index + 1] === "json"),
  );
};
