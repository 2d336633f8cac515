/** The one source of chance of a simulation: the same seed gives the same throws, on every machine. */
import type { Random } from "effect";

export interface Dice {
  /** From 0 to `sides` - 1. */
  readonly int: (sides: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <A>(choices: ReadonlyArray<A>) => A;
  /** The first choice more often than not, which is what a healthy world has. */
  readonly mostly: <A>(usual: A, others: ReadonlyArray<A>, probability?: number) => A;
  /** As Effect asks for it. */
  readonly random: Random.Random;
}

/** Mulberry32: 32 bits of state, every seed its own sequence. */
const mulberry32 = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

export const makeDice = (seed: number): Dice => {
  const next = mulberry32(seed);
  const int = (sides: number) => Math.floor(next() * sides);
  const pick = <A>(choices: ReadonlyArray<A>): A => {
    const chosen = choices[int(choices.length)];
    if (chosen === undefined) throw new Error("there is nothing to choose from");
    return chosen;
  };
  const chance = (probability: number) => next() < probability;
  return {
    int,
    chance,
    pick,
    mostly: (usual, others, probability = 0.7) => (chance(probability) ? usual : pick(others)),
    random: {
      nextIntUnsafe: () => int(Number.MAX_SAFE_INTEGER),
      nextDoubleUnsafe: next,
    },
  };
};
