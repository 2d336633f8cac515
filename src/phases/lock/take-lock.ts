import type { Duration } from "effect";
import { Effect } from "effect";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { type LockNews, ReleaseLock } from "../../services/lock/ReleaseLock.ts";
import { Reporter } from "../../services/report/Reporter.ts";
import { lockNews } from "./lock-news.ts";

/** Until the scope ends. While it waits, the holder is reported. */
export const takeLock = Effect.fnUntraced(function* (
  lock: ReleaseRef,
  {
    waitAtMost,
    worksOn,
  }: {
    readonly waitAtMost: Duration.Duration;
    /** The release that its holder works on; left out for the CRDs. */
    readonly worksOn?: string;
  },
) {
  const [locks, reporter] = yield* Effect.all([ReleaseLock, Reporter]);
  const news = lockNews(worksOn);
  return yield* locks.acquire(lock, {
    waitAtMost,
    onNews: (held: LockNews) => Effect.provideService(news(held), Reporter, reporter),
  });
});
