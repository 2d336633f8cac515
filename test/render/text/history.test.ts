import { assert, describe, it } from "@effect/vitest";
import { said } from "../../../src/domain/events/failure-cause.ts";
import type { TimelineRow } from "../../../src/domain/events/timeline.ts";
import { deathNotes, historyLines } from "../../../src/render/text/history.ts";

const row = (over: Partial<TimelineRow>): TimelineRow => ({
  revision: 2,
  operation: "upgrade",
  status: "success",
  fromVersion: "1.1.0",
  toVersion: "1.2.0",
  startedAt: "2026-01-02T03:04:05Z",
  finishedAt: "2026-01-02T03:06:00Z",
  seconds: 115,
  cause: undefined,
  actor: { user: "alice", host: "build-1" },
  streams: undefined,
  reported: "forwarded",
  ...over,
});

describe("the history on a screen", () => {
  it("tells how many streams each operation cut, where they were counted", () => {
    const lines = historyLines([
      row({ revision: 1 }),
      row({ streams: { open_at_start: 23, cut: 13 } }),
      row({
        revision: 3,
        status: "failed",
        streams: { open_at_start: 4, cut: 0 },
        cause: said("why"),
        reported: "rejected",
      }),
    ]);
    assert.deepStrictEqual(lines, [
      "REVISION  OPERATION  STATUS   VERSION        STARTED               TOOK   BY             STREAMS CUT  REPORTED   CAUSE",
      "1         upgrade    success  1.1.0 → 1.2.0  2026-01-02 03:04:05Z  1m55s  alice@build-1  -            forwarded",
      "2         upgrade    success  1.1.0 → 1.2.0  2026-01-02 03:04:05Z  1m55s  alice@build-1  13           forwarded",
      "3         upgrade    failed   1.1.0 → 1.2.0  2026-01-02 03:04:05Z  1m55s  alice@build-1  0            rejected   why",
    ]);
  });

  it("tells whose run died, and what the next one does", () => {
    const died = row({ revision: 3, status: "died", cause: said("a run by alice died") });
    assert.deepStrictEqual(deathNotes([row({})]), []);
    assert.deepStrictEqual(deathNotes([row({}), died]), [
      "",
      "revision 3: a run by alice died",
      "The next tare upgrade takes its lock over; where Helm left the release pending, --recover goes back to the last good revision first.",
    ]);
  });
});
