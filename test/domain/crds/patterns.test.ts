import { assert, describe, it } from "@effect/vitest";
import { withinBudget } from "../../../src/domain/crds/patterns.ts";

describe("an expression of a CRD", () => {
  it("is tried as the API server does", () => {
    const matches = withinBudget();
    assert.isTrue(matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "tars-egress"));
    assert.isFalse(matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "-egress"));
    assert.isTrue(matches("(?i)^TARS$", "tars"));
    assert.isTrue(matches("^\\pL+$", "é"));
    assert.isTrue(matches("b", "abc"));
  });

  it.each(["(a+)+$", "^(a|a)*$", "(.*)(.*)(.*)(.*)[^!]$", "^(([a-z])+.)+[A-Z]([a-z])+$"])(
    "%s takes no longer for a text that nearly matches",
    (pattern) => {
      assert.isFalse(withinBudget()(pattern, `${"a".repeat(20_000)}!`));
    },
  );

  it.each(["(?=a)", "(a)\\1", "a{1001}", "(", `^x${"eyJ-".repeat(50_000)}`])(
    "that is none is not tried: %.20s",
    (pattern) => {
      assert.isUndefined(withinBudget()(pattern, "a"));
    },
  );

  it("is not tried any more where the budget has been spent", () => {
    const matches = withinBudget(10_000);
    const pattern = "\\pL{1,50}$";
    assert.isTrue(matches(pattern, "é"));
    assert.isUndefined(matches(pattern, "é".repeat(10_000)));
    assert.isTrue(matches(pattern, "é"));
    assert.isUndefined(matches("\\pL{1,900}", "é"));
  });
});
