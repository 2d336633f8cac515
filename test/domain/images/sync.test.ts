import { assert, describe, it } from "@effect/vitest";
import type { ImageProblem } from "../../../src/domain/images/problem.ts";
import { type Look, problemsOf, standingOf, wantedOf } from "../../../src/domain/images/sync.ts";

const image = { name: "envoy", source: "docker.io/envoyproxy/envoy:1", target: "r.io/envoy:1" };
const REFUSED: ImageProblem = { trouble: "denied", reference: "docker.io/x", detail: "DENIED" };

const A: Look = { _tag: "There", digest: "sha256:a" };
const B: Look = { _tag: "There", digest: "sha256:b" };
const ABSENT: Look = { _tag: "Absent" };
const UNKNOWN: Look = { _tag: "Unknown", problem: REFUSED };

/** What becomes of an image: source, target, its state, whether it is copied, and overwritten, and problems without. */
const TABLE: ReadonlyArray<readonly [Look, Look, string, boolean, boolean, ReadonlyArray<string>]> =
  [
    [A, A, "Present", false, false, []],
    [A, B, "Other", false, true, ["other-image"]],
    [A, ABSENT, "Missing", true, true, []],
    [A, UNKNOWN, "Problem", false, false, ["denied"]],
    [ABSENT, A, "Uncompared", false, false, []],
    [ABSENT, ABSENT, "Problem", false, false, ["no-image"]],
    [ABSENT, UNKNOWN, "Problem", false, false, ["denied"]],
    [UNKNOWN, A, "Uncompared", false, false, []],
    [UNKNOWN, ABSENT, "Problem", false, false, ["denied"]],
    [UNKNOWN, UNKNOWN, "Problem", false, false, ["denied"]],
  ];

describe("an image", () => {
  it.each(TABLE)(
    "of source %j and target %j is %s",
    (source, target, tag, isCopied, isOverwritten, troubles) => {
      const standings = [standingOf({ image, source, target })];
      assert.strictEqual(standings[0]?.state._tag, tag);
      assert.strictEqual(wantedOf(standings, false).length === 1, isCopied);
      assert.strictEqual(wantedOf(standings, true).length === 1, isOverwritten);
      assert.deepStrictEqual(
        problemsOf(standings, false).map(({ trouble }) => trouble),
        troubles,
      );
      // Nothing is both copied and in the way, whichever way it is asked.
      for (const overwrite of [false, true]) {
        const both =
          wantedOf(standings, overwrite).length + problemsOf(standings, overwrite).length;
        assert.isAtMost(both, 1);
      }
    },
  );

  it("is copied as what was looked at, whatever its tag is by then", () => {
    const [wanted] = wantedOf([standingOf({ image, source: A, target: ABSENT })], false);
    assert.strictEqual(wanted?.digest, "sha256:a");
  });
});
