/**
 * `npm run fuzz -- [--kind NAME] [--count N] [--seed S]`: N of each kind, or of one, from seed S on. Says how many were met, how
 * long the slowest took and how much memory the process had at the most; ends with 1 where one was not met as it should be.
 */
import { parseArgs } from "node:util";
import { Cause, Effect, Exit, Layer } from "effect";
import { TestClock, TestConsole } from "effect/testing";
import { makeDice } from "../simulation/dice.ts";
import type { Kind } from "./kinds/kind.ts";
import { KINDS } from "./kinds/kinds.ts";
import { isOfTheFakes, type Met, objectionTo } from "./met.ts";

/** Of the processor: the machine may be busy with other things. None but a bomb takes a tenth of it. */
const SLOWEST_MILLIS = 20_000;
/** What bombs unpack to, and what Node keeps before it collects it. */
const MOST_MEMORY_MIB = 1_536;
const SHOWN = 10;

const { values: args } = parseArgs({
  options: {
    kind: { type: "string" },
    count: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
  },
});

const count = Number(args.count);
const first = Number(args.seed);
const kinds = KINDS.filter(({ name }) => args.kind === undefined || name === args.kind);
if (kinds.length === 0 || !Number.isSafeInteger(count) || !Number.isSafeInteger(first)) {
  console.error(`--kind is one of: ${KINDS.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

const environment = Layer.mergeAll(TestConsole.layer, TestClock.layer());

const meet = async ({ meet }: Kind, seed: number): Promise<Met> => {
  const one = Effect.scoped(meet(makeDice(seed))).pipe(Effect.provide(environment));
  const exit = await Effect.runPromiseExit(one);
  return Exit.isSuccess(exit) ? exit.value : { lines: [], cause: Cause.pretty(exit.cause) };
};

const peakMiB = (): number => Math.round(process.resourceUsage().maxRSS / 1_024);

/** Told to stop, it says how far it came. */
let stopped = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    stopped = true;
  });
}

for (const kind of kinds) {
  let [slowest, slowestSeed, ofTheFakes] = [0, 0, 0];
  const objections = new Map<string, Array<number>>();
  const startedAt = performance.now();
  let seed = first;
  for (; seed < first + count && !stopped; seed++) {
    const begun = process.cpuUsage();
    const met = await meet(kind, seed);
    const { user, system } = process.cpuUsage(begun);
    const took = (user + system) / 1_000;
    if (took > slowest) [slowest, slowestSeed] = [took, seed];
    if (isOfTheFakes(met)) ofTheFakes += 1;
    const objection = isOfTheFakes(met)
      ? undefined
      : (objectionTo(met) ?? (took > SLOWEST_MILLIS ? "too slow" : undefined));
    if (objection !== undefined) {
      const key = objection.slice(0, 400);
      objections.set(key, [...(objections.get(key) ?? []), seed]);
    }
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  const tooMuch = peakMiB() > MOST_MEMORY_MIB;
  for (const [objection, seeds] of [...objections].slice(0, SHOWN)) {
    console.log(`seeds ${seeds.slice(0, 5).join(", ")} (${seeds.length} in all): ${objection}\n`);
  }
  console.log(
    `${kind.name}: ${seed - first} from seed ${first} in ${seconds} s, slowest ${slowest.toFixed(0)} ms (seed ${slowestSeed}), at most ${peakMiB()} MiB, ${ofTheFakes} of the fakes' own, ${objections.size} kinds of objections`,
  );
  if (objections.size > 0 || tooMuch) process.exitCode = 1;
}
