import { assert, it } from "@effect/vitest";
import { Duration, Effect } from "effect";
import { makeVirtualTime } from "./virtual-time.ts";

it("never goes back, whatever is slept for", () => {
  const time = makeVirtualTime();
  time.advanceTo(5_000);
  const fiber = Effect.runForkWith(time.context)(Effect.sleep(Duration.millis(-3_000)));
  time.advanceUntil(() => fiber.pollUnsafe() !== undefined, 10_000);
  assert.strictEqual(time.now(), 5_000);
});
