/**
 * Every pause of the program has a name and goes through here, so that a list of them exists: a test stops a run in each.
 * Whether it ends at once is for the region it is in to say, and no pause of a run before its first write is in one that
 * cannot be interrupted.
 */
import { Context, type Duration, Effect } from "effect";

export const WAITS = [
  /** Another run's lock. */
  "lock",
  /** A sign of life of the lock's holder. */
  "lock-holder",
  /** A Helm of this machine that is at work on the release. */
  "helm-here",
  /** The timeouts of a Helm of another machine. */
  "helm-elsewhere",
  /** The management plane, which was not ready. */
  "plane-again",
  /** The doctor's next tick. */
  "next-tick",
  /** Another process that downloads the same tool. */
  "tools-lock",
  /** The API server, which turned a request away. */
  "server-again",
  /** The next attempt to watch. */
  "watch-again",
  /** The next attempt to get credentials. */
  "credentials-again",
  /** Changes of a rollout. */
  "rollout-news",
  /** The rest of a burst of changes. */
  "rollout-burst",
  /** What a failing pod says next. */
  "rollout-evidence",
  /** The moment before Helm's deadline. */
  "rollout-deadline",
  /** The next count of open streams. */
  "streams-look",
  /** Open streams to end. */
  "streams-end",
  /** The next look at held proxies. */
  "hold-look",
  /** The policy that holds proxies to be in force. */
  "hold-in-force",
  /** The end of what is being removed. */
  "removal-look",
  /** The next attempt to roll back. */
  "rollback-again",
] as const;
export type WaitName = (typeof WAITS)[number];

/** Told of every pause when it begins. */
export const WaitObserver = Context.Reference<(name: WaitName) => Effect.Effect<void>>(
  "tare/WaitObserver",
  { defaultValue: () => () => Effect.void },
);

export const waitFor = (name: WaitName, duration: Duration.Input): Effect.Effect<void> =>
  Effect.flatMap(WaitObserver, (observed) =>
    Effect.andThen(observed(name), Effect.sleep(duration)),
  );
