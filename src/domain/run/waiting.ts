/**
 * Every pause of the program has a name and goes through here, so that a list of them exists: a test stops a run in each.
 * Whether it ends at once is for the region it is in to say, and no pause of a run before its first write is in one that
 * cannot be interrupted.
 */
import { Context, type Duration, Effect } from "effect";

export const WAITS = {
  lock: "another run's lock",
  "lock-holder": "a sign of life of the lock's holder",
  "helm-here": "a Helm of this machine that is at work on the release",
  "helm-elsewhere": "the timeouts of a Helm of another machine",
  "plane-again": "the management plane, which was not ready",
  "next-tick": "the doctor's next tick",
  "tools-lock": "another process that downloads the same tool",
  "server-again": "the API server, which turned a request away",
  "watch-again": "the next attempt to watch",
  "credentials-again": "the next attempt to get credentials",
  "rollout-news": "changes of a rollout",
  "rollout-burst": "the rest of a burst of changes",
  "rollout-evidence": "what a failing pod says next",
  "rollout-deadline": "the moment before Helm's deadline",
  "streams-look": "the next count of open streams",
  "streams-end": "open streams to end",
  "hold-look": "the next look at held proxies",
  "hold-in-force": "the policy that holds proxies to be in force",
  "rollback-again": "the next attempt to roll back",
} as const;
export type WaitName = keyof typeof WAITS;

/** Told of every pause when it begins. */
export const WaitObserver = Context.Reference<(name: WaitName) => Effect.Effect<void>>(
  "tare/WaitObserver",
  { defaultValue: () => () => Effect.void },
);

export const waitFor = (name: WaitName, duration: Duration.Input): Effect.Effect<void> =>
  Effect.flatMap(WaitObserver, (observed) =>
    Effect.andThen(observed(name), Effect.sleep(duration)),
  );
