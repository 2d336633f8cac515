import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { layerTracer, type TracedSpan, traceFile } from "../../../src/services/disk/trace-file.ts";

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tare-trace-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
);

describe("the trace of a run", () => {
  it.live("has every span when it ends, whom it belongs to and how it was called", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "trace.jsonl");
      yield* Effect.sleep("20 millis").pipe(
        Effect.withSpan("inner", { attributes: { request: "get ConfigMap a/b" } }),
        Effect.andThen(Effect.fail("no")),
        Effect.withSpan("outer"),
        Effect.ignore,
        Effect.provide(layerTracer(traceFile(file))),
      );
      const lines = readFileSync(file, "utf8").trimEnd().split("\n");
      const [inner, outer] = lines.map((line) => JSON.parse(line) as TracedSpan);
      assert.deepStrictEqual([inner?.name, outer?.name, lines.length], ["inner", "outer", 2]);
      assert.strictEqual(inner?.parent, outer?.id);
      assert.deepStrictEqual(inner?.attributes, { request: "get ConfigMap a/b" });
      assert.isAtLeast((inner?.end ?? 0) - (inner?.start ?? 0), 15);
      assert.isAtMost(outer?.start ?? Number.NaN, inner?.start ?? Number.NaN);
    }),
  );

  it.live("is for its owner alone, and not written through a link", () =>
    Effect.gen(function* () {
      const [place, done] = [yield* folder, Effect.withSpan(Effect.succeed("done"), "one")];
      const [open, target, link] = ["open", "target", "link"].map((name) => join(place, name)) as [
        string,
        string,
        string,
      ];
      writeFileSync(open, "", { mode: 0o666 });
      chmodSync(open, 0o666);
      yield* Effect.provide(done, layerTracer(traceFile(open)));
      assert.strictEqual(statSync(open).mode & 0o777, 0o600);
      writeFileSync(target, "");
      symlinkSync(target, link);
      yield* Effect.provide(done, layerTracer(traceFile(link)));
      assert.strictEqual(readFileSync(target, "utf8"), "");
    }),
  );

  it.live("that cannot be written stops nothing", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "missing", "trace.jsonl");
      const done = Effect.withSpan(Effect.succeed("done"), "one");
      assert.strictEqual(yield* Effect.provide(done, layerTracer(traceFile(file))), "done");
    }),
  );
});
