import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { DEFAULT_RELEASE } from "../../../src/domain/run/upgrade-options.ts";
import { ReleaseRecords } from "../../../src/services/release/ReleaseRecords.ts";
import type { SeededRevision } from "../../fakes/fixtures/installation.ts";
import { world } from "../../fakes/index.ts";

const PASSWORD = "hunter2-hunter2-hunter2";
const QUOTING = `Upgrade "tars" failed: cannot replace ${PASSWORD}`;
const MASKED = 'Upgrade "tars" failed: cannot replace [redacted]';
const WITH_PASSWORD = { redis: { password: PASSWORD } };

const descriptions = Effect.gen(function* () {
  const records = yield* ReleaseRecords;
  const revisions = yield* records.revisions(DEFAULT_RELEASE);
  return revisions.map(({ description }) => description).slice(1);
});

const seeded = (...revisions: ReadonlyArray<SeededRevision>) => world({ revisions });

describe("what Helm says of a revision", () => {
  it.effect("is told without the secrets of the one that ran before", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* descriptions, [MASKED]);
    }).pipe(
      Effect.provide(
        seeded(
          { status: "deployed", values: WITH_PASSWORD },
          { status: "failed", description: QUOTING, values: {} },
        ),
      ),
    ),
  );

  it.effect("is told without them however many attempts failed in between", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* descriptions, [MASKED, MASKED]);
    }).pipe(
      Effect.provide(
        seeded(
          { status: "deployed", values: WITH_PASSWORD },
          { status: "failed", description: QUOTING, values: {} },
          { status: "failed", description: QUOTING, values: {} },
        ),
      ),
    ),
  );
});
