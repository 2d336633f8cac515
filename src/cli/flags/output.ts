import { Flag } from "effect/cli";
import { declare, wordsUnless } from "./declared-flag.ts";
import { givenChoice } from "./global/given-choice.ts";

const OUTPUTS = ["text", "json"] as const;

export const OUTPUT_FLAG = declare<(typeof OUTPUTS)[number]>(
  "output",
  Flag.withDefault(Flag.Literals("output", OUTPUTS), "text" as const),
  {
    help: "text for people, or JSON Lines on stdout that end with a summary",
    preset: "text",
    page: "docs/json-output.md",
  },
  wordsUnless("output", "text"),
);

export const outputFlag = OUTPUT_FLAG.flag;

export const wantsJson = (args: ReadonlyArray<string>): boolean =>
  givenChoice(args, "output", OUTPUTS) === "json";
