/**
 * `npm run simulate -- [--seeds N] [--seed S]`: N stories from seed S on, over all cores. `--replay FILE` runs one that was
 * kept, and shows its trace; so does `--trace` for a seed.
 */
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { drawStory } from "./draw.ts";
import { reportViolation } from "./report.ts";
import { shrink } from "./shrink.ts";
import { type Batch, digestOf, judge } from "./simulate.ts";
import type { Story } from "./story.ts";
import { readStory, writeStory } from "./story-file.ts";
import type { Task } from "./worker.ts";

/** Small enough that no thread waits long for another at the end. */
const SEEDS_PER_TASK = 50;
/** Shrinking takes seconds, and the first few tell most. */
const SHOWN_AT_MOST = 5;

const { values: args } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    threads: { type: "string", default: String(availableParallelism()) },
    replay: { type: "string" },
    trace: { type: "boolean", default: false },
  },
});

const count = (name: "seeds" | "seed" | "threads"): number => {
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

if (args.replay !== undefined) {
  showOne(readStory(args.replay).story, `npm run simulate -- --replay ${args.replay}`);
}
const [first, seeds] = [count("seed"), count("seeds")];
if (args.trace) showOne(drawStory(first), `npm run simulate -- --seed ${first} --trace`);

const tasks: Array<Task> = [];
for (let from = first; from < first + seeds; from += SEEDS_PER_TASK) {
  tasks.push({ from, count: Math.min(SEEDS_PER_TASK, first + seeds - from) });
}
const results = new Map<number, Batch>();
const startedAt = performance.now();
const queue = [...tasks];

await Promise.all(
  Array.from({ length: Math.max(1, Math.min(count("threads"), tasks.length)) }, () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    return new Promise<void>((resolve, reject) => {
      const give = () => {
        const task = queue.shift();
        if (task !== undefined) return worker.postMessage(task);
        resolve();
        void worker.terminate();
      };
      worker.on("error", reject);
      worker.on("message", ({ from, batch }: { from: number; batch: Batch }) => {
        results.set(from, batch);
        give();
      });
      give();
    });
  }),
);

const elapsed = (performance.now() - startedAt) / 1_000;
const batches = tasks.flatMap(({ from }) => results.get(from) ?? []);
const violating = batches.flatMap((batch) => batch.violating);

for (const { seed, violations } of violating.slice(0, SHOWN_AT_MOST)) {
  const [violation] = violations;
  if (violation === undefined) continue;
  const story = shrink(drawStory(seed), violation.invariant);
  const file = relative(
    process.cwd(),
    writeStory({ invariant: violation.invariant, lesson: violation.problem, story }),
  );
  const { outcome, violations: left } = judge(story);
  console.log(`${reportViolation(outcome, left, `npm run simulate -- --replay ${file}`)}\n`);
}
if (violating.length > SHOWN_AT_MOST) {
  console.log(
    `and ${violating.length - SHOWN_AT_MOST} more: ${violating
      .slice(SHOWN_AT_MOST)
      .map(({ seed }) => seed)
      .join(", ")}\n`,
  );
}

const endings = new Map<string, number>();
for (const batch of batches) {
  for (const [ending, number] of Object.entries(batch.endings)) {
    endings.set(ending, (endings.get(ending) ?? 0) + number);
  }
}
for (const [ending, number] of [...endings].sort(([, a], [, b]) => b - a)) {
  console.log(`${String(number).padStart(7)}  ${ending}`);
}
const upgrades = batches.reduce((sum, batch) => sum + batch.upgrades, 0);
const digest = createHash("sha256");
for (const batch of batches) digest.update(batch.digest);
console.log(
  `${seeds} seeds from ${first}, ${upgrades} upgrades in ${elapsed.toFixed(1)} s: ${(upgrades / elapsed).toFixed(0)} a second`,
);
console.log(`digest ${digest.digest("hex")}`);
console.log(`${violating.length} violations`);
process.exitCode = violating.length === 0 ? 0 : 1;
