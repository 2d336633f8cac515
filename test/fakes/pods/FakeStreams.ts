import { Clock, Context, Duration, Effect, Layer, Ref } from "effect";
import { conditionOf, type KubeObject, Pod } from "../../../src/domain/kube/objects.ts";
import { OWNING_GATEWAY_LABEL } from "../../../src/domain/rollout/data-plane.ts";
import { podDrain } from "../../../src/domain/streams/running-drain.ts";
import { FakeCluster } from "../cluster/FakeCluster.ts";
import type { Ending } from "./pod.ts";
import {
  type CertificateState,
  runsEnvoy,
  STATS_PATH,
  STATS_PORT,
  secretsPage,
  statsPage,
} from "./stats-page.ts";

export interface FakeStream {
  /** The proxy pod it runs through. */
  readonly pod: string;
  readonly openedAt: number;
  /** When it ends by itself. */
  readonly endsAt: number;
  /** When its pod went from under it; `undefined` while that has not happened. */
  readonly droppedAt: number | undefined;
}

export interface StreamsOfGateway {
  readonly gateway: string;
  readonly namespace: string;
  readonly duration: Duration.Input;
  readonly count?: number;
}

/** LLM answers under way through the proxies: a proxy that ends before they do drops them. */
export class FakeStreams extends Context.Service<
  FakeStreams,
  {
    /** Opens streams on the ready pods of a Gateway in turn; returns how many found one. */
    readonly open: (request: StreamsOfGateway) => Effect.Effect<number>;
    readonly all: Effect.Effect<ReadonlyArray<FakeStream>>;
    /** Those under way through the pod now. */
    readonly openOn: (pod: string) => Effect.Effect<number>;
    readonly dropped: Effect.Effect<ReadonlyArray<FakeStream>>;
    /** Streams that found no pod. */
    readonly refused: Effect.Effect<number>;

    /**
     * What proxies do whose controller changes a listener: streams that came through the old one go on for Envoy's own
     * drain time, and are cut. Takes that long.
     * @param drain of each proxy its own when left out, which came with its pod
     */
    readonly replaceListeners: (drain?: Duration.Input) => Effect.Effect<void>;

    /**
     * From now on the proxies of these pods do not get their certificate, or not again, and are ready all the same.
     */
    readonly withhold: (
      of: (pod: KubeObject) => boolean,
      how?: Exclude<CertificateState, "had">,
    ) => Effect.Effect<void>;

    /** When the last open stream of the pod ends by itself. */
    readonly endOf: (pod: string) => number;
    /** The proxy crashed. */
    readonly cut: (pod: string, now: number) => void;
    /** The pod is gone, in its own time or at the end of what it was given. */
    readonly ended: (pod: string, ending: Ending) => void;
    /** Of the pods that are gone, by name. */
    readonly endings: Effect.Effect<ReadonlyMap<string, Ending>>;
  }
>()("tare/testing/FakeStreams") {
  static readonly layer: Layer.Layer<FakeStreams, never, FakeCluster> = Layer.effect(
    FakeStreams,
    Effect.suspend(() => make),
  );
}

const takesConnections = (pod: KubeObject): boolean =>
  pod.metadata.deletionTimestamp === undefined && conditionOf(pod, "Ready")?.status === "True";

const make = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  let streams: ReadonlyArray<FakeStream> = [];
  let refused = 0;
  let turn = 0;
  /** Listeners that drain, by pod. */
  const replacing = new Map<string, number>();
  const aborted = new Map<string, number>();
  const endings = new Map<string, Ending>();
  let certificateOf = (_: KubeObject): CertificateState => "had";

  const isOpen = (stream: FakeStream, now: number): boolean =>
    stream.droppedAt === undefined && stream.endsAt > now;

  const openOn = (pod: string, now: number): number =>
    streams.filter((stream) => stream.pod === pod && isOpen(stream, now)).length;

  yield* Ref.set(cluster.podServers, ({ port, path, query }, pod, now) => {
    if (port !== STATS_PORT || path !== STATS_PATH || !runsEnvoy(pod)) return undefined;
    return query?.filter?.startsWith("^sds") === true
      ? secretsPage(certificateOf(pod))
      : statsPage({
          openStreams: openOn(pod.metadata.name, now),
          abortedConnections: aborted.get(pod.metadata.name) ?? 0,
          listenersDraining: replacing.get(pod.metadata.name) ?? 0,
        });
  });

  const replaceListener = Effect.fnUntraced(function* (pod: string, drain: Duration.Duration) {
    const startedAt = yield* Clock.currentTimeMillis;
    replacing.set(pod, (replacing.get(pod) ?? 0) + 1);
    yield* Effect.sleep(drain);
    const now = yield* Clock.currentTimeMillis;
    replacing.set(pod, (replacing.get(pod) ?? 1) - 1);
    streams = streams.map((stream) => {
      if (stream.pod !== pod || !isOpen(stream, now) || stream.openedAt > startedAt) return stream;
      aborted.set(pod, (aborted.get(pod) ?? 0) + 1);
      return { ...stream, droppedAt: now };
    });
  });

  const cut = (pod: string, now: number): void => {
    streams = streams.map((stream) =>
      stream.pod === pod && isOpen(stream, now) ? { ...stream, droppedAt: now } : stream,
    );
  };

  return FakeStreams.of({
    openOn: (pod) => Effect.map(Clock.currentTimeMillis, (now) => openOn(pod, now)),
    open: Effect.fnUntraced(function* ({ gateway, namespace, duration, count = 1 }) {
      const now = yield* Clock.currentTimeMillis;
      const pods = (yield* cluster.all(Pod, namespace)).filter(
        (pod) => pod.metadata.labels?.[OWNING_GATEWAY_LABEL] === gateway && takesConnections(pod),
      );
      if (pods.length === 0) {
        refused += count;
        return 0;
      }
      const endsAt = now + Duration.toMillis(Duration.fromInputUnsafe(duration));
      const opened = Array.from({ length: count }, (): FakeStream => {
        const pod = pods[turn++ % pods.length]?.metadata.name ?? "";
        return { pod, openedAt: now, endsAt, droppedAt: undefined };
      });
      streams = [...streams, ...opened];
      return count;
    }),
    all: Effect.sync(() => streams),
    dropped: Effect.sync(() => streams.filter(({ droppedAt }) => droppedAt !== undefined)),
    refused: Effect.sync(() => refused),
    replaceListeners: Effect.fnUntraced(function* (drain) {
      const proxies = (yield* cluster.all(Pod)).filter(runsEnvoy);
      yield* Effect.forEach(
        proxies,
        (pod) =>
          replaceListener(
            pod.metadata.name,
            drain === undefined
              ? (podDrain(pod) ?? Duration.infinity)
              : Duration.fromInputUnsafe(drain),
          ),
        { concurrency: "unbounded", discard: true },
      );
    }),
    withhold: (of, how = "withheld") =>
      Effect.sync(() => {
        certificateOf = (pod) => (of(pod) ? how : "had");
      }),
    endOf: (pod) =>
      streams.reduce(
        (latest, stream) =>
          stream.pod === pod && stream.droppedAt === undefined
            ? Math.max(latest, stream.endsAt)
            : latest,
        0,
      ),
    cut,
    ended: (pod, ending) => {
      endings.set(pod, ending);
      cut(pod, ending.goneAt);
    },
    endings: Effect.sync(() => endings),
  });
});
