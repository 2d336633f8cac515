// Runs the program once and keeps what V8 compiled for it: node warm.cjs <program> <cache> [arguments of the program]
const { readFileSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { constants, Script } = require("node:vm");

const [program, cache, ...args] = process.argv.slice(2);
const script = new Script(readFileSync(program, "utf8"), {
  filename: "tare.cjs",
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
process.argv = [process.argv[0], "tare", ...args];
process.on("exit", () => writeFileSync(cache, script.createCachedData()));
script.runInThisContext()(createRequire(process.execPath));
