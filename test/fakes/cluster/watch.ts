/** A watch on the fake cluster: a list, then what changes, until a fault hits the connection. */
import { Cause, Effect, Queue, Stream } from "effect";
import { apiVersionOf, type KubeObject } from "../../../src/domain/kube/objects.ts";
import {
  KubectlError,
  type ListQuery,
  type WatchEvent,
} from "../../../src/services/kube/Kubectl.ts";
import type { Change, FakeCluster } from "./FakeCluster.ts";
import { type ApiRequest, type Fault, isAbout } from "./faults.ts";
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

/** The failure that the fault means to a watch that is open. */
const cutBy = (fault: Fault, request: ApiRequest): KubectlError | undefined => {
  const { trouble, skip = 0 } = fault;
  if (trouble._tag !== "Fail" || skip > 0 || !isAbout(fault, request)) return undefined;
  const { reason, detail } = trouble;
  return new KubectlError({ reason, detail, request: request.label });
};

export const watched = (
  cluster: FakeCluster["Service"],
  query: ListQuery,
  list: Effect.Effect<ReadonlyArray<KubeObject>, KubectlError>,
  request: ApiRequest,
): Stream.Stream<WatchEvent, KubectlError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const told = yield* Queue.unbounded<WatchEvent, KubectlError>();
      const early: Array<WatchEvent> = [];
      let tell = (event: WatchEvent): void => void early.push(event);
      // It listens before it lists, so that nothing is missed in between; what the list has already is left out.
      let listedAt = 0;
      yield* cluster.observe({
        changed: (change) => {
          if (change.after !== undefined && versionOf(change.after) <= listedAt) return;
          for (const event of eventsOf(query, change)) tell(event);
        },
        struck: (fault) => {
          const failure = cutBy(fault, request);
          if (failure !== undefined) Queue.failCauseUnsafe(told, Cause.fail(failure));
        },
      });
      const objects = yield* list;
      yield* cluster.request(request, Effect.void);
      listedAt = Math.max(0, ...objects.map(versionOf));
      tell = (event) => void Queue.offerUnsafe(told, event);
      tell({ _tag: "Listed", objects });
      for (const event of early) tell(event);
      return Stream.fromQueue(told);
    }),
  );
