/** Keeps the running proxies for as long as this upgrade asks, where they themselves would end their streams earlier. */
import { Duration, Effect } from "effect";
import { shortestDrain } from "../../domain/streams/short-drain.ts";
import { type Hold, type HoldNews, ProxyHold } from "../../services/hold/ProxyHold.ts";
import { Reporter, report, warn } from "../../services/report/Reporter.ts";
import type { UpgradeAttempt } from "../helm/attempt.ts";
import { staged } from "../rollout/rollout.ts";

const tell = (
  news: HoldNews,
  { options, streams }: UpgradeAttempt,
): Effect.Effect<void, never, Reporter> => {
  switch (news._tag) {
    case "Held":
      return report({
        _tag: "ProxiesHeld",
        drains: news.drains.map(({ deployment, drain }) => ({
          deployment,
          drainMillis: Duration.toMillis(drain),
        })),
        pods: news.pods,
        askedMillis: Duration.toMillis(options.drainTimeout),
      });
    case "NotHeld":
      return Effect.flatMap(streams.open, (openStreams) =>
        warn({
          code: "proxies-not-held",
          drain: shortestDrain(news.drains),
          openStreams,
          why: news.why,
        }),
      );
    case "HandedOver":
      return report({ _tag: "ProxyMoved", pod: news.pod, to: "out-of-rotation" });
    case "PutBack":
      return report({ _tag: "ProxyMoved", pod: news.pod, to: "rotation" });
    case "NotClosing":
      return warn({ code: "proxy-keeps-connections", pod: news.pod, why: news.why });
    case "LetGo": {
      const { pod, why, openStreams } = news;
      return Effect.andThen(
        openStreams === undefined ? Effect.void : streams.letGo(pod, openStreams),
        report({ _tag: "ProxyLetGo", pod, why, openStreams }),
      );
    }
    case "LeftServing":
      return warn({ code: "proxies-left-serving", pods: news.pods, atMost: news.atMost });
  }
};

/** Holds until the scope closes. */
export const holdProxies = Effect.fnUntraced(function* (attempt: UpgradeAttempt) {
  const [holds, reporter] = yield* Effect.all([ProxyHold, Reporter]);
  const { release, dataplaneNamespace, drainTimeout } = attempt.options;
  return yield* holds.begin({
    release,
    dataplaneNamespace,
    asked: drainTimeout,
    onNews: (news) => Effect.provideService(tell(news, attempt), Reporter, reporter),
  });
});

/** Waits for the streams of replaced proxies within what is left of the budget; what then still serves is left to do so. */
export const awaitDrained = Effect.fnUntraced(function* (
  { interruption }: UpgradeAttempt,
  hold: Hold | undefined,
  remaining: Duration.Duration,
) {
  if (hold === undefined) return;
  const drained = Effect.timeoutOption(hold.drained, remaining);
  yield* interruption.wait(staged("drain", remaining, drained));
});
