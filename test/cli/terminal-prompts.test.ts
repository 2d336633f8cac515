import { spawn } from "node:child_process";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { programOf } from "../program.ts";

const ASKING = programOf(join(import.meta.dirname, "terminal-prompts.ts"));

type Kind = "typed" | "confirm" | "remove" | "recover" | "value";

interface Asked {
  readonly said: string;
  readonly code: number | null;
}

/** Types `answer` as soon as `question` stands on a terminal of its own. */
const onTerminal = (kind: Kind, question: string, answer: string): Promise<Asked> =>
  new Promise((resolve) => {
    const command = `'${process.execPath}' '${ASKING}' ${kind}`;
    const terminal = spawn("script", [
      "--quiet",
      "--return",
      "--flush",
      "--command",
      command,
      "/dev/null",
    ]);
    let said = "";
    let isAnswered = false;
    terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (isAnswered || !said.includes(question)) return;
      isAnswered = true;
      terminal.stdin.write(answer);
    });
    terminal.once("close", (code) => resolve({ said, code }));
  });

const inPipe = (kind: Kind): Promise<string> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [ASKING, kind], { stdio: ["ignore", "pipe", "ignore"] });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.once("close", () => resolve(said));
  });

const QUESTION = "Install release tars in tars-system? [y/N]";

describe("a yes-or-no question on a terminal", () => {
  it.each([
    ["y\n", true],
    ["yes\n", true],
    ["\n", false],
    ["no\n", false],
    ["\u0004", false],
  ])("is answered by %j", async (typed, expected) => {
    const { said } = await onTerminal("confirm", QUESTION, typed);
    assert.match(said, new RegExp(`answer: .*"value":${expected}`));
  });

  it.each([
    ["confirm", QUESTION],
    ["remove", "Remove what there is of it, then install? [y/N]"],
    ["recover", "of release tars and continue with the installation? [y/N]"],
  ] as const)("is given up with Ctrl-C: %s", async (kind, question) => {
    const { said, code } = await onTerminal(kind, question, "\u0003");
    assert.notInclude(said, "answer:");
    assert.strictEqual(code, 130);
  });

  it("has no answer where there is no terminal", async () => {
    assert.include(await inPipe("confirm"), '"_tag":"None"');
  });
});

describe("a value that is asked for on a terminal", () => {
  it("is what was typed", async () => {
    const { said } = await onTerminal("value", "customer (global.customer)", "acme\r");
    assert.include(said, '"value":"acme"');
  });

  it("is given up with Ctrl-C", async () => {
    const { said, code } = await onTerminal("value", "customer (global.customer)", "\u0003");
    assert.notInclude(said, "answer:");
    assert.strictEqual(code, 130);
  });

  it("has no answer where there is no terminal", async () => {
    assert.include(await inPipe("value"), '"_tag":"None"');
  });
});

const NAME = "Type the name of the release, tars, to uninstall it from tars-system:";

describe("a name that is to be typed on a terminal", () => {
  it.each([
    ["tars\n", "tars"],
    ["  tars \n", "tars"],
    ["\n", ""],
    ["\u0004", ""],
    ["yes\n", "yes"],
  ])("is answered by %j", async (typed, expected) => {
    const { said } = await onTerminal("typed", NAME, typed);
    assert.match(said, new RegExp(`answer: .*"value":"${expected}"`));
  });

  it("is given up with Ctrl-C", async () => {
    const { said, code } = await onTerminal("typed", NAME, "\u0003");
    assert.notInclude(said, "answer:");
    assert.strictEqual(code, 130);
  });

  it("has no answer where there is no terminal", async () => {
    assert.include(await inPipe("typed"), '"_tag":"None"');
  });
});
