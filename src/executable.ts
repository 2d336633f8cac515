/**
 * The entry of the single executable. What needs no program is answered from a table; for everything else the program is
 * taken from the executable together with what V8 once compiled of it, which halves the time to its first line.
 */
import { createRequire } from "node:module";
import { getAsset, getRawAsset } from "node:sea";
import { setFlagsFromString } from "node:v8";
import { constants, Script } from "node:vm";
import { type Answers, answerTo } from "./answers.ts";
import { wantsColours } from "./render/colours.ts";
import { PROGRAM_V8_FLAGS } from "./v8-flags.ts";

const codeCache = (): Buffer | undefined => {
  try {
    return Buffer.from(getRawAsset("program.cache"));
  } catch {
    // One that was built on another kind of machine has none.
    return undefined;
  }
};

const runProgram = (): void => {
  for (const flag of PROGRAM_V8_FLAGS) setFlagsFromString(flag);
  const cachedData = codeCache();
  const script = new Script(getAsset("program.cjs", "utf8"), {
    filename: "tare.cjs",
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const program = script.runInThisContext() as (require: NodeJS.Require) => void;
  program(createRequire(process.execPath));
};

const answers = JSON.parse(getAsset("answers.json", "utf8")) as Answers;
const answer = answerTo(answers, process.argv.slice(2), wantsColours(process));
if (answer === undefined) runProgram();
else process.stdout.write(answer);
