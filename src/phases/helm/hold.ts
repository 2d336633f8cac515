/** Keeps the running proxies for as long as this upgrade asks, where they themselves would end their streams earlier. */
import { Duration, Effect } from "effect";
import { unheldText } from "../../domain/drain/short-drain.ts";
import { formatGoDuration } from "../../domain/go-duration.ts";
import { type Hold, type HoldNews, ProxyHold } from "../../services/ProxyHold.ts";
import { Reporter, report, warn } from "../../services/Reporter.ts";
import type { UpgradeAttempt } from "./attempt.ts";
import { staged } from "./rollout.ts";

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
      return Effect.flatMap(streams.open, (open) =>
        warn(
          `could not hold the running proxies: ${news.why}; they ${unheldText(news.drains, open)}`,
        ),
      );
    case "HandedOver":
      return report({ _tag: "ProxyMoved", pod: news.pod, to: "out-of-rotation" });
    case "PutBack":
      return report({ _tag: "ProxyMoved", pod: news.pod, to: "rotation" });
    case "NotClosing":
      return warn(
        `could not ask proxy ${news.pod} to close its connections: ${news.why}; a client that keeps its connection can begin new streams there`,
      );
    case "LetGo":
      return report({
        _tag: "ProxyLetGo",
        pod: news.pod,
        why: news.why,
        openStreams: news.openStreams,
      });
    case "LeftServing":
      return warn(
        `${news.pods} replaced ${news.pods === 1 ? "proxy serves" : "proxies serve"} open streams; Kubernetes ends ${news.pods === 1 ? "it" : "them"} within ${formatGoDuration(news.atMost)}`,
      );
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
