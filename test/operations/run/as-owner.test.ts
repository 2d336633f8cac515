/** What an attempt is made under, whatever its phases are: for operations of one's own. */
import { assert, describe, it } from "@effect/vitest";
import { Data, Effect, Exit } from "effect";
import {
  DEFAULT_RELEASE,
  DEFAULT_UPGRADE_OPTIONS,
} from "../../../src/domain/run/upgrade-options.ts";
import { asOwner, type Owned } from "../../../src/operations/run/as-owner.ts";
import { prefetch } from "../../../src/operations/run/prefetch.ts";
import type { AttemptResult } from "../../../src/operations/run/record-event.ts";
import { beginRun } from "../../../src/operations/run/run.ts";
import { lookAtLock } from "../../../src/phases/lock/lock-holder.ts";
import { discover } from "../../../src/phases/release/discover.ts";
import { RunJournal } from "../../../src/services/run/RunJournal.ts";
import { IDENTITY, outboxEvents, simulate, world } from "../../fakes/index.ts";

class WindowClosed extends Data.TaggedError("WindowClosed") {
  override readonly message = "no changes at night";
}

const options = DEFAULT_UPGRADE_OPTIONS;

const attempted = <E extends { readonly _tag: string; readonly message: string }, R>(
  attempt: (owned: Owned) => Effect.Effect<AttemptResult, E, R>,
) =>
  simulate(
    Effect.scoped(
      Effect.gen(function* () {
        const { release: facts, chart } = yield* prefetch(options);
        const run = yield* beginRun(options, IDENTITY);
        const installed = yield* discover.run({ options, identity: IDENTITY, facts, chart });
        return yield* asOwner({ run, installed, ownership: undefined }, attempt);
      }),
    ),
  );

const latestRun = Effect.flatMap(RunJournal, (journals) => journals.latest(DEFAULT_RELEASE));

describe("an attempt", () => {
  it.effect("has the lock and an open journal while it lasts, and neither after it", () =>
    Effect.gen(function* () {
      const { exit } = yield* attempted(({ journal }) =>
        Effect.gen(function* () {
          const [look, run] = yield* Effect.all([lookAtLock(DEFAULT_RELEASE), latestRun]);
          assert.strictEqual(look._tag, "Held");
          assert.isUndefined(run?.ended);
          yield* journal.begun("crds");
          return { revision: 1 };
        }),
      );
      assert.isTrue(Exit.isSuccess(exit));
      assert.strictEqual((yield* lookAtLock(DEFAULT_RELEASE))._tag, "Free");
      assert.strictEqual((yield* latestRun)?.ended?.outcome, "Upgraded");
    }).pipe(Effect.provide(world())),
  );

  it.effect(
    "that fails with an error that tare does not know has its row, and its end in the journal",
    () =>
      Effect.gen(function* () {
        const { exit } = yield* attempted(() => Effect.fail(new WindowClosed()));
        assert.isTrue(Exit.isFailure(exit));
        const [event, ...others] = yield* outboxEvents;
        assert.deepStrictEqual(others, []);
        assert.deepInclude(event, {
          status: "failed",
          error_code: "WindowClosed",
          error_summary: "no changes at night",
        });
        assert.strictEqual((yield* latestRun)?.ended?.outcome, "WindowClosed");
      }).pipe(Effect.provide(world())),
  );
});
