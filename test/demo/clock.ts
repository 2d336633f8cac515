import { type Clock, Duration, Effect } from "effect";

/** A clock that runs `speed` times faster than the one on the wall. */
export const fasterClock = (real: Clock.Clock, speed: number): Clock.Clock => {
  const startedAt = real.currentTimeMillisUnsafe();
  const startedNanos = real.monotonicTimeNanosUnsafe();
  const millis = () => startedAt + (real.currentTimeMillisUnsafe() - startedAt) * speed;
  const monotonic = () =>
    startedNanos + (real.monotonicTimeNanosUnsafe() - startedNanos) * BigInt(speed);
  const nanos = () => BigInt(Math.round(millis())) * 1_000_000n;
  const read = <A>(now: () => A): Effect.Effect<A> => Effect.sync(now);
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: read(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: read(nanos),
    monotonicTimeNanosUnsafe: monotonic,
    monotonicTimeNanos: read(monotonic),
    sleep: (duration) => real.sleep(Duration.divideUnsafe(duration, speed)),
  };
};
