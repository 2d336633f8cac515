import { assert, describe, it } from "@effect/vitest";
import { Duration, Schema } from "effect";
import {
  hasSettled,
  observe,
  type Settling,
  UNSETTLED,
} from "../../../src/domain/rollout/settling.ts";

const FIFTEEN = Duration.seconds(15);
type Seen = readonly [atSeconds: number, fingerprint: string, ready: boolean];

const after = (seen: ReadonlyArray<Seen>): Settling =>
  seen.reduce<Settling>(
    (settling, [at, fingerprint, ready]) =>
      observe(settling, { fingerprint, ready, atMillis: at * 1_000 }),
    UNSETTLED,
  );

describe("settled after 15 seconds is what", () => {
  it.each<[string, ReadonlyArray<Seen>, number, boolean]>([
    ["has not been seen: never", [], 1_000, false],
    ["has just become ready: not yet", [[0, "a", true]], 0, false],
    [
      "has been ready for less: not yet",
      [
        [0, "a", true],
        [10, "a", true],
      ],
      14.999,
      false,
    ],
    [
      "has been ready for exactly that long",
      [
        [0, "a", true],
        [15, "a", true],
      ],
      15,
      true,
    ],
    [
      "has been ready for longer",
      [
        [0, "a", true],
        [20, "a", true],
      ],
      20,
      true,
    ],
    [
      "is not ready: never",
      [
        [0, "a", false],
        [60, "a", false],
      ],
      60,
      false,
    ],
    [
      "became ready late: from then on",
      [
        [0, "a", false],
        [10, "a", true],
      ],
      24,
      false,
    ],
    [
      "became ready late, long enough ago",
      [
        [0, "a", false],
        [10, "a", true],
      ],
      25,
      true,
    ],
    [
      "changed while ready: anew",
      [
        [0, "a", true],
        [10, "b", true],
      ],
      24,
      false,
    ],
    [
      "changed while ready, long enough ago",
      [
        [0, "a", true],
        [10, "b", true],
      ],
      25,
      true,
    ],
    [
      "changed and changed back: anew",
      [
        [0, "a", true],
        [5, "b", true],
        [10, "a", true],
      ],
      20,
      false,
    ],
    [
      "stopped being ready for a moment: anew",
      [
        [0, "a", true],
        [9, "a", false],
        [10, "a", true],
      ],
      24,
      false,
    ],
    [
      "stopped being ready at last: no more",
      [
        [0, "a", true],
        [20, "a", true],
        [21, "a", false],
      ],
      60,
      false,
    ],
  ])("%s", (_, seen, now, settled) => {
    assert.strictEqual(hasSettled(after(seen), FIFTEEN, now * 1_000), settled);
  });
});

it("without a settling time ready is settled", () => {
  assert.isTrue(hasSettled(after([[3, "a", true]]), Duration.zero, 3_000));
  assert.isFalse(hasSettled(after([[3, "a", false]]), Duration.zero, 3_000));
});

const Step = Schema.Tuple([
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })),
  Schema.Literals(["a", "b"]),
  Schema.Literals([true, true, true, false]),
]);
it.prop(
  "what has settled was ready and the same at every look in that time",
  [Schema.Array(Step).check(Schema.isMaxLength(12))],
  ([steps]) => {
    let now = 0;
    const seen = steps.map(([passed, fingerprint, ready]): Seen => {
      now += passed;
      return [now, fingerprint, ready];
    });
    const [last] = seen.slice(-1);
    const broken = seen.findLastIndex(
      ([, fingerprint, ready]) => !ready || fingerprint !== last?.[1],
    );
    const since = seen[broken + 1]?.[0];
    assert.strictEqual(
      hasSettled(after(seen), FIFTEEN, now * 1_000),
      since !== undefined && now - since >= 15,
    );
  },
);
