/** Packs tare, installs it beside `examples/embed` in a folder of its own, and runs that program's type check and tests. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "tare-example-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const run = (command: string, args: ReadonlyArray<string>, cwd: string): void => {
  console.log(`$ ${command} ${args.join(" ")}`);
  execFileSync(command, args, { cwd, stdio: "inherit" });
};

run("npm", ["pack", "--silent", "--pack-destination", folder], root);
const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
if (tarball === undefined) throw new Error("npm pack made no tarball");

const program = join(folder, "embed");
cpSync(join(root, "examples/embed"), program, { recursive: true });
run("npm", ["install", "--no-audit", "--no-fund", "--silent", join(folder, tarball)], program);

/** The code of every `@example` in the sources, each as a file beside the program. */
const examples = join(program, "doc-examples");
mkdirSync(examples);
for (const file of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".ts")) continue;
  const text = readFileSync(join(root, "src", file), "utf8");
  for (const [index, [, code = ""]] of [
    ...text.matchAll(/@example\n \* ```ts\n([\s\S]*?) \* ```/g),
  ].entries()) {
    const name = `${file.replaceAll(/[^a-z]/gi, "-")}-${index}.ts`;
    writeFileSync(join(examples, name), code.replaceAll(/^ \* ?/gm, ""));
  }
}
console.log(`${readdirSync(examples).length} examples of doc comments`);

const require = createRequire(join(root, "package.json"));
const compiler = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
const types = join(dirname(require.resolve("@types/node/package.json")), "..");
run(process.execPath, [compiler, "--noEmit", "--typeRoots", types], program);
run(process.execPath, ["--test"], program);
