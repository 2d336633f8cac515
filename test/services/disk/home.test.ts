import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import {
  homeProblem,
  makeFolder,
  requireWritable,
  tareHome,
} from "../../../src/services/disk/home.ts";

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tare-home-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
);

/** The variables as they are for a while. */
const withEnvironment = (values: Readonly<Record<string, string | undefined>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = Object.fromEntries(
        Object.keys(values).map((name) => [name, process.env[name]]),
      );
      set(values);
      return before;
    }),
    (before) => Effect.sync(() => set(before)),
  );

const set = (values: Readonly<Record<string, string | undefined>>): void => {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
};

const attempt = (name: string) =>
  Effect.tryPromise({ try: () => requireWritable(name), catch: homeProblem });

describe("the home of tare", () => {
  it.live("is TARE_HOME, else .tare in the operator's", () =>
    Effect.gen(function* () {
      yield* withEnvironment({ TARE_HOME: "/somewhere/tare" });
      assert.strictEqual(tareHome(), "/somewhere/tare");
      yield* withEnvironment({ TARE_HOME: "", HOME: "/home/alice" });
      assert.strictEqual(tareHome(), "/home/alice/.tare");
    }).pipe(Effect.scoped),
  );

  it.live("is made when it is not there, for its owner alone", () =>
    Effect.gen(function* () {
      const home = join(yield* folder, "a", "b");
      yield* withEnvironment({ TARE_HOME: home });
      yield* attempt("backups");
      for (const path of [home, join(home, "backups")]) {
        assert.strictEqual(statSync(path).mode & 0o777, 0o700);
      }
    }).pipe(Effect.scoped),
  );

  it.live("that is a file, lies in one, or leads nowhere is told, and what to set", () =>
    Effect.gen(function* () {
      const place = yield* folder;
      const [file, link] = [join(place, "file"), join(place, "link")];
      writeFileSync(file, "");
      symlinkSync(join(place, "missing"), link);
      for (const home of [file, join(file, "below"), link, "/dev/null"]) {
        yield* withEnvironment({ TARE_HOME: home });
        const problem = yield* Effect.flip(attempt("backups"));
        assert.include(problem, `the folder for backups, ${home}, cannot be used: `);
        assert.include(problem, "set TARE_HOME to one that can be written");
      }
    }).pipe(Effect.scoped),
  );

  it.live.each(["/proc", "/proc/self", "/sys"])(
    "where the system takes no folders (%s) is told at once, without end in sight or not",
    (home) =>
      Effect.gen(function* () {
        yield* withEnvironment({ TARE_HOME: undefined, HOME: home });
        const problem = yield* Effect.flip(attempt("backups"));
        assert.match(problem, /cannot be written \((?:EROFS|EACCES|EPERM)\); set TARE_HOME/);
      }).pipe(Effect.scoped, Effect.timeout("5 seconds")),
  );

  it.live("of nobody is none", () =>
    Effect.gen(function* () {
      yield* withEnvironment({ TARE_HOME: undefined, HOME: "" });
      assert.isTrue(tareHome().startsWith("/"));
    }).pipe(Effect.scoped),
  );

  it.live("is made once, however many make it", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "a", "b", "c");
      yield* Effect.promise(() => Promise.all(Array.from({ length: 8 }, () => makeFolder(path))));
      assert.isTrue(statSync(path).isDirectory());
    }).pipe(Effect.scoped),
  );
});
