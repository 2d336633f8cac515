/** Counts the streams on all proxies once, and then those on proxies that are on their way out until they have ended. */
import { Clock, Duration, Effect, type Scope, Stream } from "effect";
import { type KubeObject, Pod } from "../../domain/kube/objects.ts";
import { MANAGED_BY_ENVOY_GATEWAY } from "../../domain/rollout/data-plane.ts";
import { isProxyOf } from "../../domain/rollout/view.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import {
  counted,
  ended,
  found,
  isBusy,
  isDraining,
  letGo,
  type Proxies,
  type ProxyStreams,
} from "../../domain/streams/proxies.ts";
import {
  draining,
  type OpenStreams,
  openInAll,
  type StreamOutcome,
  tallyOf,
} from "../../domain/streams/tally.ts";
import { Kubectl, type KubectlError, type WatchEvent } from "../../services/kube/Kubectl.ts";
import { type Reporter, report } from "../../services/report/Reporter.ts";
import { ProxyStats, type ProxyStatsError } from "../../services/streams/ProxyStats.ts";

const LOOK_EVERY = Duration.seconds(1);
/** Proxies that only serve are looked at this seldom: a listener of theirs may be replaced. */
const LOOKS_BETWEEN = 5;
const WATCH_AGAIN_AFTER = Duration.seconds(2);

export interface FollowedStreams {
  /** What has become of the streams by now; nothing where there are no proxies. */
  readonly outcome: Effect.Effect<StreamOutcome | undefined>;
  /** Open streams at the last look, on all proxies; `undefined` where one that serves could not be counted. */
  readonly open: Effect.Effect<number | undefined>;
  /** A proxy that is on its way out has streams left. */
  readonly busy: Effect.Effect<boolean>;
  /** The hold looked at a proxy last, and ended it: that many streams were open. */
  readonly letGo: (pod: string, openStreams: number) => Effect.Effect<void>;
  /** Ends when no proxy that is on its way out has a stream left, or after `budget`. */
  readonly drained: (budget: Duration.Duration) => Effect.Effect<void>;
}

type Where = Pick<UpgradeOptions, "dataplaneNamespace">;

const idOf = ({ metadata }: KubeObject): string => metadata.name;

const applied = (
  pods: ReadonlyMap<string, KubeObject>,
  event: WatchEvent,
): ReadonlyMap<string, KubeObject> => {
  if (event._tag === "Listed") return new Map(event.objects.map((pod) => [idOf(pod), pod]));
  const next = new Map(pods);
  if (event._tag === "Deleted") next.delete(idOf(event.object));
  else next.set(idOf(event.object), event.object);
  return next;
};

/** Tells of all proxy pods, whenever one of them changed. A watch that ends is begun again. */
const watchProxies = Effect.fnUntraced(function* (
  { dataplaneNamespace }: Where,
  onPods: (pods: ReadonlyArray<KubeObject>) => Effect.Effect<void>,
) {
  const kubectl = yield* Kubectl;
  let pods: ReadonlyMap<string, KubeObject> = new Map();
  const watch = kubectl.watch({
    type: Pod,
    namespace: dataplaneNamespace,
    labelSelector: MANAGED_BY_ENVOY_GATEWAY,
  });
  const take = (event: WatchEvent) => {
    pods = applied(pods, event);
    return onPods([...pods.values()].filter((pod) => isProxyOf(pod, dataplaneNamespace)));
  };
  const once: Effect.Effect<void, KubectlError> = Stream.runForEach(watch, take);
  return yield* Effect.forever(
    Effect.andThen(Effect.ignore(once), waitFor("watch-again", WATCH_AGAIN_AFTER)),
  );
});

const sameCounts = (before: ReadonlyArray<OpenStreams>, now: ReadonlyArray<OpenStreams>): boolean =>
  before.length === now.length &&
  now.every(({ pod, streams }, at) => before[at]?.pod === pod && before[at]?.streams === streams);

/** Follows until the scope closes. It never fails: what cannot be counted is said in the outcome. */
export const followStreams: (
  where: Where,
) => Effect.Effect<FollowedStreams, never, Kubectl | ProxyStats | Reporter | Scope.Scope> =
  Effect.fn("tare.streams.follow")(function* (where) {
    const stats = yield* ProxyStats;
    let proxies: Proxies | undefined;
    let told: ReadonlyArray<OpenStreams> = [];
    let telling = false;
    let refused: ProxyStatsError | undefined;
    const atStart = new Map<string, number>();

    /** Nothing to be learned about a proxy that cannot be asked, and may be again. */
    const look = Effect.fnUntraced(function* ([uid, { pod, old }]: [string, ProxyStreams]) {
      const counts = yield* Effect.result(
        stats.counts({ namespace: where.dataplaneNamespace, name: pod }),
      );
      if (counts._tag === "Success") {
        if (old && !atStart.has(uid)) atStart.set(uid, counts.success.openStreams);
        proxies = counted(proxies ?? new Map(), uid, counts.success);
      } else if (counts.failure.reason === "Gone") {
        proxies = ended(proxies ?? new Map(), uid, yield* Clock.currentTimeMillis);
      } else refused = counts.failure;
    });

    const lookAt = (wanted: (proxy: ProxyStreams) => boolean) =>
      Effect.forEach(
        [...(proxies ?? [])].filter(([, proxy]) => wanted(proxy)),
        look,
        {
          concurrency: "unbounded",
          discard: true,
        },
      );

    /** Beside the looks: a reader of the reports may be slow, and a late look misses what happened. */
    const tell = Effect.suspend(() => {
      const now = draining(proxies ?? new Map());
      if (telling || sameCounts(told, now)) return Effect.void;
      [told, telling] = [now, true];
      const over = Effect.sync(() => {
        telling = false;
      });
      return Effect.forkScoped(
        Effect.ensuring(report({ _tag: "StreamsProgress", draining: now }), over),
      );
    });

    const seen = Effect.fnUntraced(function* (pods: ReadonlyArray<KubeObject>) {
      const isFirst = proxies === undefined;
      proxies = found(proxies, pods, yield* Clock.currentTimeMillis);
      if (isFirst) yield* lookAt(({ old }) => old);
    });

    const looking = Effect.gen(function* () {
      for (let turn = 0; ; turn++) {
        const all = turn % LOOKS_BETWEEN === 0;
        // Without the permission the next answer would be the same.
        if (refused?.reason !== "Forbidden") {
          yield* lookAt(
            (proxy) => isDraining(proxy) || (all && proxy.old && proxy.cut === undefined),
          );
        }
        yield* tell;
        yield* waitFor("streams-look", LOOK_EVERY);
      }
    });

    yield* Effect.forkScoped(Effect.interruptible(watchProxies(where, seen)));
    yield* Effect.forkScoped(Effect.interruptible(looking));

    const someBusy = () => [...(proxies?.values() ?? [])].some(isBusy);
    const quiet = Effect.gen(function* () {
      while (someBusy()) yield* waitFor("streams-end", LOOK_EVERY);
    });
    return {
      outcome: Effect.sync(() => {
        if (proxies === undefined || proxies.size === 0) return undefined;
        const isCounted = atStart.size > 0 || refused === undefined;
        return isCounted
          ? { _tag: "Counted", tally: tallyOf(proxies, atStart) }
          : { _tag: "NotCounted", why: refused?.message ?? "" };
      }),
      open: Effect.sync(() => (proxies === undefined ? undefined : openInAll(proxies))),
      busy: Effect.sync(someBusy),
      letGo: (pod, openStreams) =>
        Effect.sync(() => {
          proxies = letGo(proxies ?? new Map(), pod, openStreams);
        }),
      drained: (budget) => Effect.asVoid(Effect.timeoutOption(quiet, budget)),
    };
  });
