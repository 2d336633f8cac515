/** How many calls are under way at once: as many as the server takes without turning some away, for each API group. */
import { Effect, Semaphore } from "effect";

const MOST = 16;
/** Of the smallest priority level a server can be given. */
const LEAST = 1;
/** So many answers in a row let one more call through. */
const PATIENCE = 8;

interface PaceState {
  readonly limit: number;
  readonly answered: number;
}

export const FULL_PACE: PaceState = { limit: MOST, answered: 0 };

/** Half as many after a refusal, then slowly more again. */
export const afterAnswer = (
  { limit, answered }: PaceState,
  was: "turned-away" | "answered",
): PaceState => {
  if (was === "turned-away") return { limit: Math.max(LEAST, Math.floor(limit / 2)), answered: 0 };
  if (limit === MOST) return { limit, answered: 0 };
  return answered + 1 < PATIENCE
    ? { limit, answered: answered + 1 }
    : { limit: limit + 1, answered: 0 };
};

export interface Pace {
  /** Waits its turn, and slows all down when the answer says that there were too many. */
  readonly paced: <A, E, R>(
    call: Effect.Effect<A, E, R>,
    isTurnedAway: (answer: A) => boolean,
  ) => Effect.Effect<A, E, R>;
}

const makePace = (): Pace => {
  const semaphore = Semaphore.makeUnsafe(MOST);
  let state = FULL_PACE;
  /** Of many that were turned away together the first alone counts. */
  let slowed = 0;
  const note = (turnedAway: boolean, slowedBefore: number) =>
    Effect.suspend(() => {
      if (turnedAway && slowedBefore !== slowed) return Effect.void;
      if (turnedAway) slowed += 1;
      const { limit } = state;
      state = afterAnswer(state, turnedAway ? "turned-away" : "answered");
      return state.limit === limit ? Effect.void : semaphore.resize(state.limit);
    });
  return {
    paced: (call, isTurnedAway) =>
      semaphore.withPermit(
        Effect.suspend(() => {
          const slowedBefore = slowed;
          return Effect.tap(call, (answer) => note(isTurnedAway(answer), slowedBefore));
        }),
      ),
  };
};

/** The API group of a path, after what stands before all paths. */
export const groupOf = (path: string): string =>
  /^\/apis\/[^/?]+/.exec(path)?.[0] ?? path.split(/[/?]/, 2).join("/");

/**
 * One pace for each API group. A server divides its seats by what is asked for: one that turns CRDs away may have room for
 * Secrets, which must not wait behind them.
 */
export const makePaces = (): ((path: string) => Pace) => {
  const paces = new Map<string, Pace>();
  return (path) => {
    const group = groupOf(path);
    const pace = paces.get(group) ?? makePace();
    paces.set(group, pace);
    return pace;
  };
};
