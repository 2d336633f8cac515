/** A violation as people read it. */
import { showFault } from "./faults/draw.ts";
import type { Violation } from "./invariants.ts";
import type { Outcome } from "./run.ts";
import { PLAIN_OPTIONS, PLAIN_WORLD } from "./story.ts";
import { readableTrace } from "./trace.ts";

/** What of the story is not as usual. */
const unusual = (record: object, plain: object): ReadonlyArray<string> => {
  const usual = new Map(Object.entries(plain).map(([key, value]) => [key, JSON.stringify(value)]));
  return Object.entries(record)
    .map(([key, value]) => [key, JSON.stringify(value)] as const)
    .filter(([key, text]) => usual.get(key) !== text)
    .map(([key, text]) => `${key} = ${text}`);
};

export const reportViolation = (
  { story, trace }: Outcome,
  violations: ReadonlyArray<Violation>,
  replay: string,
): string =>
  [
    `seed ${story.seed}`,
    ...violations.map(({ invariant, problem }) => `  broken: ${invariant}: ${problem}`),
    ...[...unusual(story.world, PLAIN_WORLD), ...unusual(story.options, PLAIN_OPTIONS)].map(
      (line) => `  world:  ${line}`,
    ),
    ...story.faults.map((fault) => `  fault:  ${showFault(fault)}`),
    `  replay: ${replay}`,
    "",
    ...readableTrace(trace).map((line) => `  ${line}`),
  ].join("\n");
