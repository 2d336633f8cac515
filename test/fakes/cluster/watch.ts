/** A watch on the fake cluster: a list, then what changes, until a fault hits the connection. */
import { Effect, PubSub, Stream } from "effect";
import { apiVersionOf, type KubeObject } from "../../../src/domain/kube.ts";
import { KubectlError, type ListQuery, type WatchEvent } from "../../../src/services/Kubectl.ts";
import type { Change, FakeCluster } from "./FakeCluster.ts";
import { type ApiRequest, isAbout } from "./faults.ts";
import { matchesFields, matchesSelector } from "./selectors.ts";

export const isAsked = (
  { namespace, labelSelector, fieldSelector }: ListQuery,
  object: KubeObject,
): boolean =>
  (namespace === undefined || object.metadata.namespace === namespace) &&
  matchesSelector(object, labelSelector) &&
  matchesFields(object, fieldSelector);

const versionOf = (object: KubeObject | undefined): number =>
  Number(object?.metadata.resourceVersion ?? 0);

/** What the change means to one who sees only what matches the query. */
const eventsOf = (query: ListQuery, { type, before, after }: Change): ReadonlyArray<WatchEvent> => {
  if (type.kind !== query.type.kind || apiVersionOf(type) !== apiVersionOf(query.type)) return [];
  const seen = (object: KubeObject): KubeObject =>
    query.metadataOnly === true
      ? { apiVersion: object.apiVersion, kind: object.kind, metadata: object.metadata }
      : object;
  if (after !== undefined && isAsked(query, after)) {
    return [{ _tag: "Applied", object: seen(after) }];
  }
  return before !== undefined && isAsked(query, before)
    ? [{ _tag: "Deleted", object: seen(before) }]
    : [];
};

/** Fails when a fault that is about this watch is injected while it is open. */
const untilCut = (cluster: FakeCluster["Service"], request: ApiRequest) =>
  Effect.gen(function* () {
    const troubles = yield* cluster.troubles;
    const cut = Effect.gen(function* () {
      while (true) {
        const fault = yield* PubSub.take(troubles);
        const { trouble } = fault;
        if (trouble._tag === "Fail" && (fault.skip ?? 0) === 0 && isAbout(fault, request)) {
          const { reason, detail } = trouble;
          return yield* new KubectlError({ reason, detail, request: request.label });
        }
      }
    });
    return cut;
  });

export const watched = (
  cluster: FakeCluster["Service"],
  query: ListQuery,
  list: Effect.Effect<ReadonlyArray<KubeObject>, KubectlError>,
  request: ApiRequest,
): Stream.Stream<WatchEvent, KubectlError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      // Subscribed before listing, so that nothing is missed in between; what the list has already is left out.
      let listedAt = 0;
      const changes = yield* cluster.changes((change) =>
        change.after === undefined || versionOf(change.after) > listedAt
          ? eventsOf(query, change)
          : [],
      );
      const cut = yield* untilCut(cluster, request);
      const objects = yield* list;
      yield* cluster.request(request, Effect.void);
      listedAt = Math.max(0, ...objects.map(versionOf));
      const listed: WatchEvent = { _tag: "Listed", objects };
      const later = Stream.fromQueue(changes).pipe(Stream.interruptWhen(cut));
      return Stream.concat(Stream.make(listed), later);
    }),
  );
