import { Duration, type Effect } from "effect";
import type { LockNews } from "../services/ReleaseLock.ts";
import { type Reporter, warn } from "../services/Reporter.ts";

/** What an operator is told while a run is after a lock; `work` is what its holder is doing. */
export const lockNews =
  (work: string) =>
  (news: LockNews): Effect.Effect<void, never, Reporter> => {
    const { holder, since } = news.held;
    switch (news._tag) {
      case "Watching":
        return warn(
          `${holder} holds the lock since ${since} and is ${work}, if it still runs: watching its heartbeat for up to ${Duration.toSeconds(news.atMost)} s`,
        );
      case "Waiting":
        return warn(`waiting for ${holder}, who is ${work}`);
      case "TakenOver":
        return warn(
          news.proof === "gone"
            ? `${holder} died while it was ${work}: its process is gone. Took over its lock of ${since}`
            : `${holder} died or lost the cluster while it was ${work}: no heartbeat for as long as its lock lasts. Took over its lock of ${since}`,
        );
    }
  };
