import { assert, describe, it } from "@effect/vitest";
import type { EventReason, StopReason } from "../../../src/domain/events/doctor-report.ts";
import {
  describeEventReason,
  describeLeftAlone,
  describeStop,
} from "../../../src/words/events/doctor.ts";

const answered = (status: number, detail = "") => ({ _tag: "Answered", status, detail }) as const;

describe("why an event was not taken", () => {
  it.each<[EventReason, string]>([
    [answered(422, "why"), "HTTP 422: why"],
    [answered(400), "HTTP 400: the management plane gave no reason"],
    [
      answered(401, "expired"),
      "HTTP 401: expired (is the identity's key still valid, and this clock right?)",
    ],
    [{ _tag: "Unanswered", detail: "socket hang up" }, "socket hang up"],
    [{ _tag: "Foreign" }, "it is of another workspace or release"],
    [{ _tag: "Unreadable" }, "not an event of this schema version"],
    [{ _tag: "Newer", version: 2 }, "written with schema version 2"],
  ])("%j", (reason, words) => {
    assert.strictEqual(describeEventReason(reason), words);
  });
});

describe("why a tick ended before its end", () => {
  it.each<[StopReason, string]>([
    [answered(503, "down"), "HTTP 503: down"],
    [{ _tag: "OutOfTime" }, "no more time in this tick"],
    [{ _tag: "Failed", detail: "the lock was lost" }, "the lock was lost"],
  ])("%j", (reason, words) => {
    assert.strictEqual(describeStop(reason), words);
  });
});

it("a release that is left alone says who works on it", () => {
  assert.strictEqual(
    describeLeftAlone({ _tag: "AtWork", holder: "me@host" }),
    "me@host is working on the release",
  );
  assert.strictEqual(
    describeLeftAlone({ _tag: "AtWork", holder: undefined }),
    "another process is working on the release",
  );
  assert.strictEqual(describeLeftAlone({ _tag: "Changed" }), "a run began or ended meanwhile");
});
