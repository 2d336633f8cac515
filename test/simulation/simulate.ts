/** Runs stories and says what came of them. */
import { createHash } from "node:crypto";
import { drawStory } from "./draw.ts";
import { runsOf } from "./invariants/invariant.ts";
import { type Violation, violationsOf } from "./invariants.ts";
import { type Outcome, runStory } from "./run.ts";
import type { Story } from "./story.ts";
import { traceText } from "./trace.ts";

export interface Verdict {
  readonly outcome: Outcome;
  readonly violations: ReadonlyArray<Violation>;
}

export const judge = (story: Story): Verdict => {
  const outcome = runStory(story);
  return { outcome, violations: violationsOf(outcome) };
};

/** The whole trace and how the runs ended: two simulations that agree in it took the same steps. */
export const digestOf = ({ trace, first, next }: Outcome): string =>
  createHash("sha256")
    .update(traceText(trace))
    .update(`\n${first.how} ${first.code} ${next?.code}`)
    .digest("hex");

export interface Batch {
  /** Upgrades that were run: stories and the runs that followed. */
  readonly upgrades: number;
  readonly endings: Readonly<Record<string, number>>;
  readonly digest: string;
  readonly violating: ReadonlyArray<{
    readonly seed: number;
    readonly violations: ReadonlyArray<Violation>;
  }>;
}

const endingOf = ({ how, code }: Outcome["first"]): string =>
  how === "ended" ? `exit ${code}` : how;

/** The stories of `count` seeds from `from` on. */
export const simulateSeeds = (from: number, count: number): Batch => {
  const digest = createHash("sha256");
  const endings: Record<string, number> = {};
  const violating: Array<Batch["violating"][number]> = [];
  let upgrades = 0;
  for (let seed = from; seed < from + count; seed++) {
    const { outcome, violations } = judge(drawStory(seed));
    digest.update(digestOf(outcome));
    upgrades += runsOf(outcome).length + (outcome.recovery === undefined ? 0 : 1);
    const ending = endingOf(outcome.first);
    endings[ending] = (endings[ending] ?? 0) + 1;
    if (violations.length > 0) violating.push({ seed, violations });
  }
  return { upgrades, endings, digest: digest.digest("hex"), violating };
};
