import { assert, describe, it } from "@effect/vitest";
import { compareVersions, isDowngrade } from "../../../src/domain/chart/version-order.ts";

/** In the order of semver.org, with neighbours of our own. */
const ASCENDING = [
  "0.9.9",
  "1.0.0-alpha",
  "1.0.0-alpha.1",
  "1.0.0-alpha.beta",
  "1.0.0-beta",
  "1.0.0-beta.2",
  "1.0.0-beta.11",
  "1.0.0-rc.1",
  "1.0.0",
  "1.0.1",
  "v1.1.0",
  "1.10.0",
  "2.0.0",
];

describe("versions", () => {
  it("have the precedence that semver.org gives them", () => {
    for (const [i, left] of ASCENDING.entries()) {
      for (const [j, right] of ASCENDING.entries()) {
        assert.strictEqual(Math.sign(compareVersions(left, right) ?? Number.NaN), Math.sign(i - j));
        assert.strictEqual(isDowngrade(left, right), j < i, `${left} to ${right}`);
      }
    }
  });

  it("are equal whatever their build metadata", () => {
    assert.strictEqual(compareVersions("1.2.3+a", "v1.2.3+b"), 0);
  });

  it("may lack numbers at their end, as Helm lets them", () => {
    assert.strictEqual(compareVersions("1.1", "v1.1.0"), 0);
    assert.strictEqual(compareVersions("1", "1.0.0"), 0);
    assert.isTrue(isDowngrade("1.2", "1.1.9"));
    assert.isFalse(isDowngrade("1.1", "1.2.0"));
  });

  it("that are none are no downgrade: nobody can tell", () => {
    assert.isUndefined(compareVersions("latest", "1.0.0"));
    assert.isFalse(isDowngrade("1.0.0", "latest"));
  });
});
