import { assert, describe, it } from "@effect/vitest";
import { deliveryOutcome, retryAfterMillis } from "../../../src/domain/events/delivery.ts";

const NOW = Date.parse("2026-01-02T03:04:05Z");
const outcomeOf = (status: number, retryAfter?: string) =>
  deliveryOutcome({ status, retryAfter, detail: "why" }, NOW);

describe("the plane's answer", () => {
  it.each([200, 201, 202, 204])("%d: the event has arrived", (status) => {
    assert.deepStrictEqual(outcomeOf(status), { _tag: "Accepted" });
  });

  it.each([408, 425, 429, 500, 502, 503, 504])("%d: a moment later may be enough", (status) => {
    assert.deepStrictEqual(outcomeOf(status), {
      _tag: "TryLater",
      reason: { _tag: "Answered", status, detail: "why" },
      soon: true,
    });
  });

  it.each([301, 302, 307, 308, 401, 403, 404, 405, 407])("%d: not the event's fault", (status) => {
    const outcome = outcomeOf(status);
    assert.deepStrictEqual([outcome._tag, "soon" in outcome && outcome.soon], ["TryLater", false]);
  });

  it.each([400, 409, 410, 413, 415, 422])("%d: this event will never be taken", (status) => {
    assert.deepStrictEqual(outcomeOf(status), {
      _tag: "Rejected",
      reason: { _tag: "Answered", status, detail: "why" },
    });
  });

  it.each([
    ["17", 17_000],
    ["0", 0],
    ["Fri, 02 Jan 2026 03:05:05 GMT", 60_000],
    ["Fri, 02 Jan 2026 03:00:05 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("Retry-After: %s", (header, millis) => {
    assert.strictEqual(retryAfterMillis(header, NOW), millis);
  });
});
