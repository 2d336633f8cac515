import { Duration } from "effect";

/** How long something has been ready without changing. */
export interface Settling {
  /** What was last seen; a different one starts the time again. */
  readonly fingerprint: string;
  /** Clock milliseconds since when it has been ready as `fingerprint`; `undefined` while it is not. */
  readonly readySince: number | undefined;
}

export const UNSETTLED: Settling = { fingerprint: "", readySince: undefined };

interface Observation {
  readonly fingerprint: string;
  readonly ready: boolean;
  readonly atMillis: number;
}

export const observe = (
  settling: Settling,
  { fingerprint, ready, atMillis }: Observation,
): Settling => {
  const unchanged = settling.fingerprint === fingerprint;
  const readySince = unchanged ? (settling.readySince ?? atMillis) : atMillis;
  return { fingerprint, readySince: ready ? readySince : undefined };
};

export const hasSettled = (
  { readySince }: Settling,
  settleTime: Duration.Duration,
  nowMillis: number,
): boolean => readySince !== undefined && nowMillis - readySince >= Duration.toMillis(settleTime);
