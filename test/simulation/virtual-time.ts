/**
 * A clock and a scheduler of our own: everything that can run now runs, in the order in which it was asked for, and then
 * time jumps to the next sleeper. Nothing waits for the machine, so the same program takes the same steps every time.
 */
import { Clock, Context, Duration, Effect, References, Scheduler } from "effect";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

type Advance =
  /** The condition holds. */
  | "reached"
  /** Nothing runs and nobody sleeps: nothing will ever happen again. */
  | "idle"
  /** Virtual time is up. */
  | "late";

export interface VirtualTime {
  /** The clock and the scheduler, for fibers that live in this time. */
  readonly context: Context.Context<never>;
  readonly now: () => number;
  readonly advanceUntil: (reached: () => boolean, limitMillis: number) => Advance;
  readonly advanceTo: (millis: number) => void;
}

export const makeVirtualTime = (): VirtualTime => {
  let now = 0;
  let tasks: Array<() => void> = [];
  /** The next one to wake is the last; of equals, the first that went to sleep. */
  const sleepers: Array<Sleeper> = [];

  const sleep = (duration: Duration.Duration): Effect.Effect<void> =>
    Effect.callback<void>((resume) => {
      const sleeper = {
        // As with a machine's timers, less than no time is no time.
        at: now + Math.max(0, Duration.toMillis(duration)),
        wake: () => resume(Effect.void),
      };
      if (sleeper.at === Number.POSITIVE_INFINITY) return;
      let low = 0;
      let high = sleepers.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((sleepers[middle]?.at ?? 0) > sleeper.at) low = middle + 1;
        else high = middle;
      }
      sleepers.splice(low, 0, sleeper);
      return Effect.sync(() => {
        const index = sleepers.indexOf(sleeper);
        if (index !== -1) sleepers.splice(index, 1);
      });
    });

  const nanos = () => BigInt(Math.round(now * 1_000_000));
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep,
  };

  const runTasks = () => {
    while (tasks.length > 0) {
      const due = tasks;
      tasks = [];
      for (const task of due) task();
    }
  };
  const dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task) => tasks.push(task),
    flush: runTasks,
  };
  const scheduler: Scheduler.Scheduler = {
    executionMode: "sync",
    shouldYield: (fiber) => fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield,
    makeDispatcher: () => dispatcher,
  };

  const advanceUntil = (reached: () => boolean, limitMillis: number): Advance => {
    while (true) {
      runTasks();
      if (reached()) return "reached";
      const next = sleepers.pop();
      if (next === undefined) return "idle";
      if (next.at > limitMillis) {
        sleepers.push(next);
        return "late";
      }
      now = next.at;
      next.wake();
    }
  };

  return {
    context: Context.make(Clock.Clock, clock).pipe(
      Context.add(Scheduler.Scheduler, scheduler),
      // Nobody looks at spans here, and they cost as much as the rest.
      Context.add(References.TracerEnabled, false),
    ),
    now: () => now,
    advanceUntil,
    advanceTo: (millis) => {
      advanceUntil(() => false, millis);
      now = Math.max(now, millis);
    },
  };
};
