/** When a request is sent again: as Kubernetes' own client does it, as a function of what came back. */
import { Duration } from "effect";

interface Attempt {
  /** How often it was sent before. */
  readonly repeats: number;
  /** Sending it twice does no harm. */
  readonly isSafe: boolean;
  readonly outcome:
    | {
        readonly _tag: "Answered";
        readonly status: number;
        readonly retryAfter: string | undefined;
      }
    /** The connection broke before the answer was complete. */
    | { readonly _tag: "Broken" };
}

const MOST_REPEATS = 10;
const MOST_GUESSES = 3;
const FIRST_GUESS = Duration.millis(200);
/** A server that wants more patience than this is down, as far as a run is concerned. */
const MOST_PATIENCE = Duration.minutes(5);

/** Whole seconds; a date, which the header may also hold, is none that Kubernetes sends. */
const secondsOf = (retryAfter: string | undefined): number | undefined =>
  retryAfter !== undefined && /^\d{1,9}$/.test(retryAfter.trim()) ? Number(retryAfter) : undefined;

const guess = (repeats: number): Duration.Duration | undefined =>
  repeats < MOST_GUESSES ? Duration.times(FIRST_GUESS, 2 ** repeats) : undefined;

/**
 * How long to wait before sending it again; `undefined` when that is pointless or may do harm. What names a time to come
 * back is repeated for every verb: it was not done. Without one a 429 was not done either.
 */
export const repeatAfter = ({
  repeats,
  isSafe,
  outcome,
}: Attempt): Duration.Duration | undefined => {
  if (outcome._tag === "Broken") return isSafe ? guess(repeats) : undefined;
  const isThrottled = outcome.status === 429;
  if (!isThrottled && outcome.status < 500) return undefined;
  const seconds = secondsOf(outcome.retryAfter);
  if (seconds === undefined) return isThrottled || isSafe ? guess(repeats) : undefined;
  const wait = Duration.seconds(seconds);
  return repeats < MOST_REPEATS && Duration.isLessThanOrEqualTo(wait, MOST_PATIENCE)
    ? wait
    : undefined;
};
