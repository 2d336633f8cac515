/** When a proxy that was handed over may end. */
import { Duration } from "effect";

/** A client that keeps its connection may begin another stream right after one: only quiet that lasts is an end. */
const QUIET = Duration.seconds(5);
/** Until every node has taken the pod out of its Services' tables. */
const SPREAD = Duration.seconds(10);

interface Sighting {
  readonly atMillis: number;
  /** `undefined` where the proxy's statistics cannot be read. */
  readonly openStreams: number | undefined;
}

export interface HandedOver {
  readonly sinceMillis: number;
  /** Since when no stream has been open; `undefined` while one is, or where that is unknown. */
  readonly quietSinceMillis: number | undefined;
}

export const handedOverAt = (sinceMillis: number): HandedOver => ({
  sinceMillis,
  quietSinceMillis: undefined,
});

export const seen = (proxy: HandedOver, { openStreams, atMillis }: Sighting): HandedOver => ({
  ...proxy,
  quietSinceMillis: openStreams === 0 ? (proxy.quietSinceMillis ?? atMillis) : undefined,
});

export type Leave = "streams-ended" | "time-over";

/** Why it may go now; nothing while it is to stay. */
export const mayLeave = (
  { sinceMillis, quietSinceMillis }: HandedOver,
  asked: Duration.Duration,
  nowMillis: number,
): Leave | undefined => {
  const age = nowMillis - sinceMillis;
  const isQuiet =
    quietSinceMillis !== undefined && nowMillis - quietSinceMillis >= Duration.toMillis(QUIET);
  if (isQuiet && age >= Duration.toMillis(SPREAD)) return "streams-ended";
  return age >= Duration.toMillis(asked) ? "time-over" : undefined;
};
