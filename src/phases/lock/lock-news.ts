import type { Effect } from "effect";
import type { LockNews } from "../../services/lock/ReleaseLock.ts";
import { type Reporter, warn } from "../../services/report/Reporter.ts";

/** Reports while a run waits for a lock; `release` is what its holder works on; nothing for the CRDs. */
export const lockNews =
  (release: string | undefined) =>
  (news: LockNews): Effect.Effect<void, never, Reporter> => {
    const { holder, since } = news.held;
    switch (news._tag) {
      case "Watching":
        return warn({ code: "lock-watched", holder, release, since, atMost: news.atMost });
      case "Waiting":
        return warn({ code: "lock-awaited", holder, release });
      case "TakenOver":
        return warn({ code: "lock-taken-over", holder, release, since, proof: news.proof });
    }
  };
