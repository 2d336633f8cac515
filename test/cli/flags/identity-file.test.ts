/** The identity file as it lies on a disk; what can be wrong inside it is in malformed.test.ts. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Redacted } from "effect";
import { isExposed, readIdentity } from "../../../src/cli/flags/identity-file.ts";
import { PRIVATE_KEY, Recorder, world, writesOf } from "../../fakes/index.ts";
import { IDENTITY_JSON, runCli, runUpgradeCli, temporaryFolder } from "../support.ts";

const identityIn = (folder: string, mode: number): string => {
  const file = join(folder, "identity.json");
  writeFileSync(file, JSON.stringify(IDENTITY_JSON));
  // The umask has no say in this one.
  chmodSync(file, mode);
  return file;
};

describe("an identity file", () => {
  it.effect("is read, and its key stays sealed", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const identity = yield* readIdentity(identityIn(folder, 0o600));
      assert.strictEqual(identity.workspaceId, "ws-1");
      assert.strictEqual(Redacted.value(identity.privateKey), PRIVATE_KEY);
      assert.notInclude(JSON.stringify(identity), "PRIVATE KEY");
      assert.notInclude(String(identity.privateKey), "PRIVATE KEY");
    }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect.each([0o644, 0o640, 0o604, 0o666, 0o440])(
    "that others can read gets a warning, though it is used: %i",
    (mode) =>
      Effect.gen(function* () {
        const file = identityIn(yield* temporaryFolder, mode);
        const identity = yield* readIdentity(file);
        assert.strictEqual(identity.keyId, "key-1");
        assert.deepStrictEqual(yield* (yield* Recorder).warnings, [
          `${file} can be read by other users of this machine: chmod 600 ${file}`,
        ]);
      }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect.each([0o600, 0o400, 0o700, 0o611])(
    "that only its owner can read gets none: %i",
    (mode) =>
      Effect.gen(function* () {
        yield* readIdentity(identityIn(yield* temporaryFolder, mode));
        assert.deepStrictEqual(yield* (yield* Recorder).warnings, []);
      }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect.each([
    ["utf16le", "\uFEFF"],
    ["utf16le", ""],
    ["utf16be", "\uFEFF"],
    ["utf16be", ""],
    ["utf8", "\uFEFF"],
  ] as const)("in %s, as a shell may have written it, is read", ([encoding, mark]) =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "identity.json");
      const text = `${mark}${JSON.stringify(IDENTITY_JSON)}\r\n`;
      const bytes = Buffer.from(text, encoding === "utf8" ? "utf8" : "utf16le");
      writeFileSync(file, encoding === "utf16be" ? bytes.swap16() : bytes, { mode: 0o600 });
      assert.strictEqual((yield* readIdentity(file)).workspaceId, "ws-1");
    }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect("that never ends is refused, not read", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readIdentity("/dev/zero"));
      assert.match(error.problems[0] ?? "", /larger than any identity file/);
    }).pipe(Effect.provide(Recorder.layer)),
  );

  it("in a pod's Secret volume is read by the pod's group alone", () => {
    const [root, ours] = [0, 65532];
    assert.isFalse(isExposed({ mode: 0o440, uid: root }, ours));
    assert.isTrue(isExposed({ mode: 0o444, uid: root }, ours));
  });

  it.effect("behind a link is judged by its own mode", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const link = join(folder, "link.json");
      symlinkSync(identityIn(folder, 0o644), link);
      yield* readIdentity(link);
      assert.deepStrictEqual(yield* (yield* Recorder).warnings, [
        `${link} can be read by other users of this machine: chmod 600 ${link}`,
      ]);
    }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect("in a folder with spaces gets a warning whose command can be pasted", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "my keys");
      mkdirSync(folder);
      const file = identityIn(folder, 0o644);
      yield* readIdentity(file);
      assert.deepStrictEqual(yield* (yield* Recorder).warnings, [
        `${file} can be read by other users of this machine: chmod 600 '${file}'`,
      ]);
    }).pipe(Effect.provide(Recorder.layer)),
  );

  it.effect("that others can read is warned of before the first phase", () =>
    Effect.gen(function* () {
      const file = identityIn(yield* temporaryFolder, 0o644);
      const { code, stderr } = yield* runCli(["upgrade", file]);
      assert.strictEqual(code, 0);
      assert.deepStrictEqual(stderr.slice(0, 2), [
        `warning: ${file} can be read by other users of this machine: chmod 600 ${file}`,
        "[1/5] Preflight (Helm / kubectl / cluster)",
      ]);
    }).pipe(Effect.provide(world())),
  );

  it.effect.each([
    ["FOLDER/missing.json", "missing.json", "no such file"],
    ["FOLDER/nowhere/identity.json", "nowhere/identity.json", "no such file"],
    ["FOLDER/.", ".", "it is a directory"],
    ["FOLDER/identity.json/more", "identity.json/more", "it cannot be read (ENOTDIR)"],
    ["FOLDER/my key.json", "my key.json", "no such file"],
  ] as const)("that cannot be read is named: %s", ([argument, file, problem]) =>
    Effect.gen(function* () {
      const { code, stdout, stderr } = yield* runCli(["upgrade", argument, "--context", "prod"]);
      assert.strictEqual(code, 2);
      assert.deepStrictEqual(stdout, []);
      assert.deepStrictEqual(stderr.slice(0, 4), [
        `identity file ${file} cannot be used`,
        problem,
        "",
        "Fetch the service account file again from the dashboard, then:",
      ]);
      assert.match(stderr[4] ?? "", /^tare upgrade \S.* --context prod$/);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.provide(world())),
  );

  it.effect("may have fields nobody knows, which only the debug log mentions, by name", () =>
    Effect.gen(function* () {
      const identity = { ...IDENTITY_JSON, colour: "teal-secret", region: { zone: 1 } };
      const quiet = yield* runUpgradeCli([], { identity });
      assert.strictEqual(quiet.code, 0);
      assert.notInclude(quiet.everything, "colour");
      const debug = yield* runUpgradeCli(["--log-level", "debug"], { identity });
      assert.strictEqual(debug.code, 0);
      assert.deepStrictEqual(
        debug.logs.filter((line) => line.includes("unknown fields")),
        ["Debug identity.json: unknown fields ignored: colour, region"],
      );
      assert.notInclude(debug.everything, "teal-secret");
      assert.notInclude(debug.stderr.join("\n"), "colour");
    }).pipe(Effect.provide(world())),
  );

  it.effect("answers for what neither flag nor release says", () =>
    Effect.gen(function* () {
      const identity = {
        ...IDENTITY_JSON,
        customer: "from-file",
        serveUrl: "https://file.example",
      };
      const fromFile = yield* runUpgradeCli([], { identity });
      assert.deepInclude(fromFile.values.global, {
        customer: "from-file",
        serveUrl: "https://file.example",
      });
      const fromFlag = yield* runUpgradeCli(["--customer", "from-flag"], { identity });
      const values = fromFlag.invocations.at(-1)?.values;
      assert.deepInclude(values?.global, { customer: "from-flag" });
      assert.include(
        fromFlag.stderr,
        "warning: global.customer: the flag and the identity file differ; using the flag",
      );
    }).pipe(Effect.provide(world({ values: {} }))),
  );
});
