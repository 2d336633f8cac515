/** A fixed part of the simulation, small enough for every test run; the rest is `npm run simulate`. */
import { assert, describe, it } from "@effect/vitest";
import { invariantTable, pageWith, readPage } from "./docs.ts";
import { drawStory } from "./draw.ts";
import { INVARIANTS } from "./invariants.ts";
import { judge, simulateSeeds } from "./simulate.ts";
import { readCorpus } from "./story-file.ts";
import { traceText } from "./trace.ts";

const SEEDS = 60;

describe("simulated upgrades", () => {
  it(`of the first ${SEEDS} seeds keep every invariant`, () => {
    const { violating, endings } = simulateSeeds(1, SEEDS);
    assert.deepStrictEqual(violating, []);
    // A net that catches nothing because nothing happens would be no net.
    for (const ending of ["exit 0", "exit 12", "exit 14", "exit 20", "exit 130", "killed"]) {
      assert.property(endings, ending);
    }
  });

  it("take the same steps for the same seed", () => {
    for (const seed of [3, 46, 204]) {
      const [one, other] = [judge(drawStory(seed)), judge(drawStory(seed))];
      assert.isAbove(one.outcome.trace.length, 10);
      assert.strictEqual(traceText(one.outcome.trace), traceText(other.outcome.trace));
    }
    assert.notStrictEqual(
      traceText(judge(drawStory(3)).outcome.trace),
      traceText(judge(drawStory(46)).outcome.trace),
    );
  });

  it("that once broke an invariant keep all of them", () => {
    for (const [name, { story }] of readCorpus()) {
      assert.deepStrictEqual(judge(story).violations, [], name);
    }
  });
});

describe("invariants", () => {
  it("have names of their own", () => {
    const names = INVARIANTS.map(({ name }) => name);
    assert.strictEqual(new Set(names).size, names.length);
  });

  it("stand in the docs as they are (npm run simulate -- --docs)", () => {
    assert.strictEqual(pageWith(readPage(), invariantTable()), readPage());
  });
});
