/** How many calls are under way at once: as many as the server takes without turning some away. */
import { Effect, Semaphore } from "effect";

export const MOST_AT_ONCE = 16;
/** Of the smallest priority level a server can be given. */
const LEAST = 1;
/** So many answers in a row let one more call through. */
const PATIENCE = 8;

export interface PaceState {
  readonly limit: number;
  readonly answered: number;
}

export const FULL_PACE: PaceState = { limit: MOST_AT_ONCE, answered: 0 };

/** Half as many after a refusal, then slowly more again. */
export const afterAnswer = (
  { limit, answered }: PaceState,
  was: "turned-away" | "answered",
): PaceState => {
  if (was === "turned-away") return { limit: Math.max(LEAST, Math.floor(limit / 2)), answered: 0 };
  if (limit === MOST_AT_ONCE) return { limit, answered: 0 };
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

export const makePace = (): Pace => {
  const semaphore = Semaphore.makeUnsafe(MOST_AT_ONCE);
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
