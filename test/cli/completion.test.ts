import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { asked } from "../../src/cli/spelled-out.ts";
import { world } from "../fakes/index.ts";
import { runCli } from "./support.ts";

const OFFERED = join(import.meta.dirname, "offered.sh");

/** What bash offers after these words, in a folder with `identity.json` and the folder `tools`. */
const offered = (script: string, words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const folder = mkdtempSync(join(tmpdir(), "tare-completion-"));
  try {
    writeFileSync(join(folder, "identity.json"), "{}");
    mkdirSync(join(folder, "tools"));
    writeFileSync(join(folder, "script"), script);
    const { stdout, stderr } = spawnSync("bash", ["--norc", OFFERED, "./script", ...words], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.notMatch(stderr, /syntax|not found/);
    return stdout.trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
};

describe("completion", () => {
  it.effect("in bash knows commands, files, folders and choices", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* runCli(["completion", "bash"]);
      assert.strictEqual(code, 0);
      const script = stdout.join("\n");
      assert.include(offered(script, ["tare", "upg"]), "upgrade");
      assert.include(offered(script, ["tare", "upgrade", "id"]), "identity.json");
      assert.include(offered(script, ["tare", "upgrade", "--kubeconfig", "id"]), "identity.json");
      assert.include(offered(script, ["tare", "upgrade", "--tools-dir", "to"]), "tools");
      assert.include(offered(script, ["tare", "upgrade", "--output", "j"]), "json");
      assert.include(offered(script, ["tare", "upgrade", "--he"]), "--help");
      assert.include(offered(script, ["tare", "upgrade", "--color", "n"]), "never");
      assert.deepStrictEqual(offered(script, ["tare", "upgrade", "--no-pl"]), [""]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is for known shells", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* runCli(["completion", "tcsh"]);
      assert.strictEqual(code, 2);
      assert.include(stderr.join("\n"), "bash");
    }).pipe(Effect.provide(world())),
  );
});

describe("words typed by habit", () => {
  it.each([
    [["help"], ["--help"]],
    [
      ["help", "tools", "list"],
      ["tools", "list", "--help"],
    ],
    [["version"], ["--version"]],
    [
      ["upgrade", "help"],
      ["upgrade", "help"],
    ],
    [
      ["version", "1.2"],
      ["version", "1.2"],
    ],
  ])("%j are %j", (typed, meant) => {
    assert.deepStrictEqual(asked(typed), { args: meant, all: false });
  });

  it.each([
    [
      ["upgrade", "--help", "--all"],
      ["upgrade", "--help"],
    ],
    [
      ["help", "upgrade", "--all"],
      ["upgrade", "--help"],
    ],
    [["--all", "-h"], ["-h"]],
  ])("%j ask for all flags", (typed, meant) => {
    assert.deepStrictEqual(asked(typed), { args: meant, all: true });
  });

  it("--all is a flag of help alone", () => {
    const typed = ["upgrade", "identity.json", "--all"];
    assert.deepStrictEqual(asked(typed), { args: typed, all: false });
  });
});
