import { Duration } from "effect";

const UNIT_MILLIS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const TERM = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/y;

/**
 * Parses a duration as Go's `time.ParseDuration` writes it (`10m`, `1h30m`, `1.5h`), without the sign:
 * no wait of ours can be negative. Returns `undefined` for anything else; a bare number has no unit and is refused.
 */
export const parseGoDuration = (text: string): Duration.Duration | undefined => {
  if (text === "0") return Duration.zero;
  let millis = 0;
  let at = 0;
  while (at < text.length) {
    TERM.lastIndex = at;
    const term = TERM.exec(text);
    if (term === null) return undefined;
    millis += Number(term[1]) * (UNIT_MILLIS[term[2] as string] as number);
    at = TERM.lastIndex;
  }
  return at === 0 || !Number.isFinite(millis) ? undefined : Duration.millis(millis);
};

/** The short form operators type: `10m`, `1h30m`, `1m30s`, `0s`. Rounds to milliseconds. */
export const formatGoDuration = (duration: Duration.Duration): string => {
  const total = Math.round(Duration.toMillis(duration));
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor((total % 3_600_000) / 60_000);
  const seconds = (total % 60_000) / 1_000;
  const parts = [
    hours > 0 ? `${hours}h` : "",
    minutes > 0 ? `${minutes}m` : "",
    seconds > 0 ? `${seconds}s` : "",
  ];
  return parts.join("") || "0s";
};
