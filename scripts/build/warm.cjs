// Runs the program once and keeps what V8 compiled for it: node warm.cjs <program> <cache> [arguments of the program]
const { readFileSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { setFlagsFromString } = require("node:v8");
const { constants, Script } = require("node:vm");
const { PROGRAM_V8_FLAGS } = require("../../src/v8-flags.ts");

const [program, cache, ...args] = process.argv.slice(2);
// As the executable does it: V8 refuses a code cache that was made under other flags.
for (const flag of PROGRAM_V8_FLAGS) setFlagsFromString(flag);
const script = new Script(readFileSync(program, "utf8"), {
  filename: "tare.cjs",
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
process.argv = [process.argv[0], "tare", ...args];
process.on("exit", () => writeFileSync(cache, script.createCachedData()));
script.runInThisContext()(createRequire(process.execPath));
