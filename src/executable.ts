/**
 * The entry of the single executable. What needs no program is answered from a table; for everything else the program is
 * taken from the executable together with what V8 once compiled of it, which halves the time to its first line.
 */
import { createRequire } from "node:module";
import { getAsset, getRawAsset } from "node:sea";
import { setFlagsFromString } from "node:v8";
import { constants, Script } from "node:vm";
import { type Answers, answerTo } from "./answers.ts";
import { asked } from "./cli/spelled-out.ts";
import { hasColours, helpLook } from "./render/text/terminal.ts";
import { PROGRAM_V8_FLAGS } from "./v8-flags.ts";

/**
 * What nearly every command needs of Node. Loaded before the flags are set: V8 takes no cached code that was made under
 * others, Node's own included.
 */
const NODE_MODULES = [
  "node:child_process",
  "node:crypto",
  "node:dns",
  "node:fs/promises",
  "node:https",
  "node:os",
  "node:readline/promises",
  "node:stream/promises",
  "node:zlib",
];

const codeCache = (): Buffer | undefined => {
  try {
    return Buffer.from(getRawAsset("program.cache"));
  } catch {
    // One that was built on another kind of machine has none.
    return undefined;
  }
};

const runProgram = (): void => {
  const require = createRequire(process.execPath);
  for (const name of NODE_MODULES) require(name);
  for (const flag of PROGRAM_V8_FLAGS) setFlagsFromString(flag);
  const cachedData = codeCache();
  const script = new Script(getAsset("program.cjs", "utf8"), {
    filename: "tare.cjs",
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const program = script.runInThisContext() as (require: NodeJS.Require) => void;
  program(require);
};

const answers = JSON.parse(getAsset("answers.json", "utf8")) as Answers;
const { args, all } = asked(process.argv.slice(2));
const colours = hasColours(process.stdout, process.env);
const answer = answerTo(answers, args, helpLook(process.stdout, colours, all));
if (answer === undefined) runProgram();
else process.stdout.write(answer);
