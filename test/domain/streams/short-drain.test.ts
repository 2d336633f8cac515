import { assert, describe, it } from "@effect/vitest";
import { Duration, Schema } from "effect";
import type { RunningDrain } from "../../../src/domain/streams/running-drain.ts";
import { shortDrains, shortestDrain } from "../../../src/domain/streams/short-drain.ts";

const ASKED = Duration.seconds(300);

const running = (drain: number | undefined, replicas = 2): RunningDrain => ({
  deployment: `egress-${drain}`,
  replicas,
  drain: drain === undefined ? undefined : Duration.seconds(drain),
  grace: Duration.seconds(600),
});

describe("proxies that end streams before the time that is asked for", () => {
  it.each<[number | undefined, number, boolean]>([
    [60, 2, true],
    [299, 1, true],
    [300, 2, false],
    [600, 2, false],
    [undefined, 2, false],
    [60, 0, false],
  ])("drain %s s, %d replicas: %s", (drain, replicas, isShort) => {
    assert.strictEqual(shortDrains([running(drain, replicas)], ASKED).length === 1, isShort);
  });

  it("can go on for as long as the shortest", () => {
    const drains = [running(60), running(12), running(600)];
    assert.deepStrictEqual(shortestDrain(shortDrains(drains, ASKED)), Duration.seconds(12));
  });

  const Seconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 900 }));
  it.prop("are all that drain shorter, and none else", [Schema.Array(Seconds)], ([drains]) => {
    const found = shortDrains(
      drains.map((drain) => running(drain)),
      ASKED,
    );
    assert.deepStrictEqual(
      found.map(({ drain }) => Duration.toSeconds(drain)),
      drains.filter((drain) => drain < 300),
    );
  });
});
