import { assert, describe, it } from "@effect/vitest";
import { Effect, Exit } from "effect";
import { debugTo, givenDebug } from "../../../src/cli/flags/global/debug.ts";
import { layerTracer } from "../../../src/services/disk/trace-file.ts";
import { world } from "../../fakes/index.ts";
import { runUpgradeCli } from "../support.ts";

describe("--debug", () => {
  it.each([
    [["upgrade", "identity.json", "--debug"], true],
    [["history", "-v"], true],
    [["history", "--log-level", "debug"], true],
    [["history", "--log-level=trace"], true],
    [["history", "--log-level", "warn"], false],
    [["history"], false],
    [["history", "--", "-v"], false],
  ])("%j: %s", (args, expected) => {
    assert.strictEqual(givenDebug(args), expected);
  });

  it.effect.each(["--debug", "-v"])("%s is taken by every command", (flag) =>
    Effect.gen(function* () {
      const { code } = yield* runUpgradeCli([flag, "--plan"]);
      assert.strictEqual(code, 3);
    }).pipe(Effect.provide(world())),
  );

  it.effect("shows each request as it ends, and how", () =>
    Effect.gen(function* () {
      const lines: Array<string> = [];
      const request = (label: string) =>
        Effect.withSpan("kube.call", { attributes: { request: label } });
      const work = Effect.gen(function* () {
        yield* request("get Lease tars-system/tare-tars")(Effect.void);
        yield* Effect.exit(
          request("list secrets in tars-system")(Effect.fail(new Error("forbidden\nby a role"))),
        );
        yield* Effect.withSpan("tare.phase.preflight")(Effect.void);
      });
      const keep = debugTo((line) => lines.push(line), false, 0);
      const exit = yield* Effect.exit(Effect.provide(work, layerTracer([keep])));
      assert.isTrue(Exit.isSuccess(exit));
      assert.deepStrictEqual(lines, [
        "debug: 0.000s kube get Lease tars-system/tare-tars (0 ms)",
        "debug: 0.000s kube list secrets in tars-system (0 ms): forbidden",
      ]);
    }),
  );
});
