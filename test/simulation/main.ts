/**
 * `npm run simulate -- [--seeds N] [--seed S]`: N stories from seed S on, over all cores. `--replay FILE` runs one that was
 * kept, and shows its trace; so does `--trace` for a seed. `--first` stops at the first violation and only names it.
 * `--docs` writes the table of invariants into docs/simulation.md.
 */
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { writePage } from "./docs.ts";
import { drawStory } from "./draw.ts";
import { simulateInParallel } from "./parallel.ts";
import { reportViolation } from "./report.ts";
import { shrink } from "./shrink.ts";
import { type Batch, digestOf, judge } from "./simulate.ts";
import type { Story } from "./story.ts";
import { readStory, writeStory } from "./story-file.ts";

/** Shrinking takes seconds, and the first few tell most. */
const SHOWN_AT_MOST = 5;

const { values: args } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    threads: { type: "string", default: String(availableParallelism()) },
    replay: { type: "string" },
    trace: { type: "boolean", default: false },
    first: { type: "boolean", default: false },
    docs: { type: "boolean", default: false },
  },
});

const wholeNumber = (name: "seeds" | "seed" | "threads"): number => {
  const number = Number(args[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} takes a whole number, not ${args[name]}`);
  process.exit(2);
};

const showOne = (story: Story, replay: string): never => {
  const { outcome, violations } = judge(story);
  console.log(reportViolation(outcome, violations, replay));
  console.log(`\ndigest ${digestOf(outcome)}`);
  process.exit(violations.length === 0 ? 0 : 1);
};

/** Made as small as it gets, kept, and shown. */
const showShrunk = ({ seed, violations: [violation] }: Batch["violating"][number]): void => {
  if (violation === undefined) return;
  const story = shrink(drawStory(seed), violation.invariant);
  const { outcome, violations } = judge(story);
  const found = { invariant: violation.invariant, lesson: violation.problem, story };
  const file = relative(process.cwd(), writeStory(found));
  console.log(`${reportViolation(outcome, violations, `npm run simulate -- --replay ${file}`)}\n`);
};

const showEndings = (batches: ReadonlyArray<Batch>): void => {
  const endings = new Map<string, number>();
  for (const [ending, number] of batches.flatMap((batch) => Object.entries(batch.endings))) {
    endings.set(ending, (endings.get(ending) ?? 0) + number);
  }
  for (const [ending, number] of [...endings].sort(([, a], [, b]) => b - a)) {
    console.log(`${String(number).padStart(7)}  ${ending}`);
  }
};

if (args.docs) {
  writePage();
  process.exit();
}
if (args.replay !== undefined) {
  showOne(readStory(args.replay).story, `npm run simulate -- --replay ${args.replay}`);
}
const [from, count] = [wholeNumber("seed"), wholeNumber("seeds")];
if (args.trace) showOne(drawStory(from), `npm run simulate -- --seed ${from} --trace`);

const startedAt = performance.now();
const batches = await simulateInParallel({
  ...{ from, count, threads: wholeNumber("threads") },
  stopAtFirst: args.first,
});
const elapsed = (performance.now() - startedAt) / 1_000;
const violating = batches.flatMap((batch) => batch.violating);
process.exitCode = violating.length === 0 ? 0 : 1;

if (args.first) {
  const [first] = violating;
  console.log(JSON.stringify(first ?? null));
} else {
  for (const found of violating.slice(0, SHOWN_AT_MOST)) showShrunk(found);
  const others = violating.slice(SHOWN_AT_MOST).map(({ seed }) => seed);
  if (others.length > 0) console.log(`and ${others.length} more: ${others.join(", ")}\n`);
  showEndings(batches);
  const upgrades = batches.reduce((sum, batch) => sum + batch.upgrades, 0);
  const digest = createHash("sha256");
  for (const batch of batches) digest.update(batch.digest);
  const rate = (upgrades / elapsed).toFixed(0);
  console.log(
    `${count} seeds from ${from}, ${upgrades} upgrades in ${elapsed.toFixed(1)} s: ${rate} a second`,
  );
  console.log(`digest ${digest.digest("hex")}`);
  console.log(`${violating.length} violations`);
}
