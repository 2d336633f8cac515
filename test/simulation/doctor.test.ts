/** Whatever befalls a run, and whenever the doctor comes by: the deployment history ends up the same. */
import { assert, describe, it } from "@effect/vitest";
import { drawStory } from "./draw.ts";
import { recordsIn } from "./facts.ts";
import { type Outcome, runStory } from "./run.ts";

const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1);

/** The stories in which something is killed, tare itself or Helm. */
const DEADLY = Array.from({ length: 400 }, (_, index) => drawStory(index + 1))
  .filter(({ faults }) =>
    faults.some(
      (fault) =>
        fault._tag === "Happening" &&
        (fault.what === "tare-killed" || fault.what === "helm-killed"),
    ),
  )
  .slice(0, 24);

const finalRecords = ({ first, next, recovery }: Outcome) =>
  recordsIn((recovery ?? next ?? first).later);

const ofRevisions = (rows: ReadonlyArray<string>) => rows.filter((row) => !row.startsWith("- "));

describe("the doctor", () => {
  it("shows one row for every revision Helm has, and a failure for every one that failed", () => {
    for (const seed of SEEDS) {
      const outcome = runStory(drawStory(seed), "last");
      const rows = ofRevisions(outcome.rows);
      const numbers = rows.map((row) => Number.parseInt(row, 10));
      assert.strictEqual(new Set(numbers).size, numbers.length, `seed ${seed}: ${rows}`);
      for (const { version, info } of finalRecords(outcome)) {
        const row = rows.find((one) => Number.parseInt(one, 10) === version);
        const lost = ["uninstalled", "uninstalling", "unknown"].includes(info.status);
        if (lost) continue;
        assert.isDefined(row, `seed ${seed}: no row for revision ${version}, ${info.status}`);
        if (info.status === "failed") assert.include(row, "failed", `seed ${seed}`);
        if (/^Rollback to \d+$/.test(info.description) && info.status === "deployed") {
          assert.strictEqual(row, `${version} rollback success`, `seed ${seed}`);
        }
      }
    }
  });

  it("comes to the same rows however often it comes by in between", () => {
    let killed = 0;
    for (const story of DEADLY) {
      const late = runStory(story, "last");
      const often = runStory(story, "throughout");
      if (often.first.how === "killed") killed++;
      assert.deepStrictEqual([...often.rows].sort(), [...late.rows].sort(), `seed ${story.seed}`);
    }
    assert.isAbove(killed, 3);
  });
});
