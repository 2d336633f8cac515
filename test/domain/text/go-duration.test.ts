import { assert, describe, it } from "@effect/vitest";
import { Duration, Schema } from "effect";
import { formatGoDuration, parseGoDuration } from "../../../src/domain/text/go-duration.ts";

const millisOf = (text: string): number | undefined => {
  const duration = parseGoDuration(text);
  return duration === undefined ? undefined : Duration.toMillis(duration);
};

describe("parseGoDuration", () => {
  it.each([
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["90s", 90_000],
    ["300s", 300_000],
    ["1h2m3s4ms", 3_723_004],
    ["1.5h", 5_400_000],
    ["1.s", 1_000],
    [".5m", 30_000],
    ["0.25s", 250],
    ["500ms", 500],
    ["1500us", 1.5],
    ["1500µs", 1.5],
    ["2000000ns", 2],
    ["0", 0],
    ["0s", 0],
    ["0h0m", 0],
    ["007s", 7_000],
    ["1m1m", 120_000],
    ["30s1h", 3_630_000],
  ])("reads %s as Go does", (text, millis) => {
    assert.closeTo(millisOf(text) ?? Number.NaN, millis, 1e-9);
  });

  it.each([
    "",
    " ",
    "10",
    "1.5",
    "00",
    "-5m",
    "+5m",
    "-0",
    "1d",
    "1w",
    "5M",
    "10 m",
    " 10m",
    "10m ",
    "10m\n",
    "m",
    ".m",
    ".",
    "1,5s",
    "1..5s",
    "1m30",
    "1e3s",
    "0x10s",
    "NaNs",
    "Infinitys",
    "١s",
    "ten minutes",
    "10m;rm",
  ])("refuses %j", (text) => {
    assert.isUndefined(parseGoDuration(text));
  });
});

describe("formatGoDuration", () => {
  it.each([
    [0, "0s"],
    [1, "0.001s"],
    [1_500, "1.5s"],
    [59_999, "59.999s"],
    [60_000, "1m"],
    [90_000, "1m30s"],
    [300_000, "5m"],
    [600_000, "10m"],
    [3_600_000, "1h"],
    [3_601_000, "1h1s"],
    [5_400_000, "1h30m"],
    [90_000_000, "25h"],
  ])("writes %d ms as %s", (millis, text) => {
    assert.strictEqual(formatGoDuration(Duration.millis(millis)), text);
  });

  it("rounds to milliseconds without carrying into a sixtieth second", () => {
    assert.strictEqual(formatGoDuration(Duration.nanos(59_999_600_000n)), "1m");
  });

  it.prop(
    "is read back as the same duration",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e12 }))],
    ([millis]) => {
      assert.strictEqual(millisOf(formatGoDuration(Duration.millis(millis))), millis);
    },
  );

  it.prop(
    "needs no exponent and no sign, which Go would refuse",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e12 }))],
    ([millis]) => {
      assert.match(
        formatGoDuration(Duration.millis(millis)),
        /^(?:\d+h)?(?:\d+m)?(?:\d+(?:\.\d+)?s)?$/,
      );
    },
  );
});
