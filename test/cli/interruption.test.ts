/** Signals: what the operator is told, and what the process ends with. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { slow as aWhile, FakeHelm, historyLines, tarsChart, world } from "../fakes/index.ts";
import { runUpgradeCli } from "./support.ts";

const slow = tarsChart({ version: "1.2.0", imageTag: "slow-300" });
const AS_BEFORE = "Interrupted. The release is as it was before this run.";

describe("a signal", () => {
  it.effect.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)(
    "%s before anything was written just stops the run, with exit code %d",
    ([name, code]) =>
      Effect.gen(function* () {
        const run = yield* runUpgradeCli([], { signal: { name, after: "100 millis" } });
        assert.strictEqual(run.code, code);
        assert.strictEqual(run.stderr.at(-1), AS_BEFORE);
      }).pipe(Effect.provide(world())),
  );

  it.effect("during Helm is seen through to a verified rollback, and said", () =>
    Effect.gen(function* () {
      const run = yield* runUpgradeCli([], { signal: { name: "SIGTERM", after: "1 minute" } });
      assert.strictEqual(run.code, 143);
      assert.include(run.stderr, AS_BEFORE);
      assert.include(
        run.everything,
        "interrupted: bringing the release to a safe state before exiting",
      );
      assert.strictEqual((yield* historyLines).at(-1), "3 deployed Rollback to 1");
    }).pipe(Effect.provide(world({ chart: slow }))),
  );

  it.effect.each(["while the CRDs are written", "during Helm"] as const)(
    "%s says what stays of it, and how that is undone",
    (moment) =>
      Effect.gen(function* () {
        const after = moment === "during Helm" ? "1 minute" : "1300 millis";
        const run = yield* runUpgradeCli([], { signal: { name: "SIGINT", after } });
        const [, ...ending] = run.stderr.slice(run.stderr.indexOf(AS_BEFORE));
        assert.strictEqual(
          ending[1],
          "CRDs that this run wrote stay as they are now: 1 created, 2 updated.",
        );
        assert.match(ending.join("\n"), /\nTo restore the previous 2 CRDs .*\nkubectl replace -f /);
      }).pipe(Effect.provide(world({ chart: slow }))),
  );

  it.effect("of which nothing stays says nothing of CRDs", () =>
    Effect.gen(function* () {
      const run = yield* runUpgradeCli([], { signal: { name: "SIGINT", after: "100 millis" } });
      assert.notInclude(run.everything, "stay as they are now");
    }).pipe(Effect.provide(world())),
  );

  it.effect("whose rollback fails ends with 21 and what to do, not with the signal", () =>
    Effect.gen(function* () {
      yield* (yield* FakeHelm).breakStep("pre-rollback hook", "webhook not ready");
      const run = yield* runUpgradeCli([], { signal: { name: "SIGINT", after: "1 minute" } });
      assert.strictEqual(run.code, 21);
      assert.include(run.everything, "the rollback failed too");
      assert.include(run.everything, "helm rollback tars 1 -n tars-system");
    }).pipe(Effect.provide(world({ chart: slow }))),
  );

  it.effect("that comes after the upgrade had succeeded does not take that back", () =>
    Effect.gen(function* () {
      const run = yield* runUpgradeCli([], { signal: { name: "SIGINT", after: "35 seconds" } });
      assert.strictEqual(run.code, 0);
      assert.include(run.everything, "Upgrade completed.");
    }).pipe(
      Effect.provide(
        // The event is still being written then.
        world({ faults: [{ trouble: aWhile("9 seconds"), actor: "tare", name: /^tare-event-/ }] }),
      ),
    ),
  );

  it.effect("with --no-atomic ends with 22", () =>
    Effect.gen(function* () {
      const run = yield* runUpgradeCli(["--no-atomic"], {
        signal: { name: "SIGINT", after: "1 minute" },
      });
      assert.strictEqual(run.code, 22);
      assert.include(run.everything, "left in place (--no-atomic)");
    }).pipe(Effect.provide(world({ chart: slow }))),
  );
});
