/** One cluster in memory, under Effect's Clock. Kubectl and Helm are views onto it; controllers react to its changes. */
import { Clock, Context, Effect, Layer, Ref, Result } from "effect";
import {
  fieldAt,
  type KubeObject,
  type ObjectRef,
  type ResourceType,
  refOf,
} from "../../../src/domain/kube.ts";
import type { KubectlError } from "../../../src/services/Kubectl.ts";
import { objection, withStoredVersions } from "./crds.ts";
import { type ApiRequest, type Fault, isAbout, underTrouble } from "./faults.ts";
import { type Owned, updated } from "./ownership.ts";
import { emptyStore, keyOf, listed, removed, type Store, stored } from "./store.ts";

export interface Change {
  readonly type: ResourceType;
  /** Absent when the object is new. */
  readonly before: KubeObject | undefined;
  /** Absent when the object was deleted. */
  readonly after: KubeObject | undefined;
}

export type Controller = (change: Change) => Effect.Effect<void>;

/** Turns the live object into the one to be kept, or says in the server's words why not. */
export type Edit<E> = (live: Owned | undefined, store: Store) => Result.Result<Owned, E>;

export interface LoggedRequest extends ApiRequest {
  readonly at: number;
}

export class FakeCluster extends Context.Service<
  FakeCluster,
  {
    /** A request as a client makes it: it is logged, and faults hit it. */
    readonly request: <A>(
      request: ApiRequest,
      call: Effect.Effect<A, KubectlError>,
    ) => Effect.Effect<A, KubectlError>;
    readonly requests: Effect.Effect<ReadonlyArray<LoggedRequest>>;
    /** Returns how to take the fault away again. */
    readonly inject: (fault: Fault) => Effect.Effect<Effect.Effect<void>>;

    readonly snapshot: Effect.Effect<Store>;
    /** Writes by the rules of the API server and tells the controllers. */
    readonly write: <E>(
      ref: ObjectRef,
      edit: Edit<E>,
      options?: { readonly dryRun?: boolean },
    ) => Effect.Effect<KubeObject, E | Refused>;
    readonly remove: (ref: ObjectRef) => Effect.Effect<void>;

    /** Below the rules, for tests and controllers. */
    readonly peek: (ref: ObjectRef) => Effect.Effect<KubeObject | undefined>;
    readonly all: (
      type: ResourceType,
      namespace?: string,
    ) => Effect.Effect<ReadonlyArray<KubeObject>>;
    /** Puts an object in place as if it had always been there: status included, no controller stirs. */
    readonly seed: (
      type: ResourceType,
      object: KubeObject,
      manager?: string,
    ) => Effect.Effect<KubeObject>;
    readonly setStatus: (ref: ObjectRef, status: object) => Effect.Effect<void>;
    /** What `kubectl edit` does. */
    readonly edit: (
      ref: ObjectRef,
      change: (object: KubeObject) => KubeObject,
    ) => Effect.Effect<KubeObject, Refused>;
    /** The controller sees every change from now on, each in a fiber of its own. */
    readonly react: (controller: Controller) => Effect.Effect<void>;
  }
>()("tare/testing/FakeCluster") {
  static readonly layer: Layer.Layer<FakeCluster> = Layer.effect(
    FakeCluster,
    Effect.suspend(() => make),
  );
}

/** Validation said no. */
export interface Refused {
  readonly _tag: "Refused";
  readonly detail: string;
}

const make = Effect.gen(function* () {
  const scope = yield* Effect.scope;
  const state = yield* Ref.make(emptyStore);
  const controllers = yield* Ref.make<ReadonlyArray<Controller>>([]);
  // Appended to in place: a gate that polls makes thousands of requests.
  const log: Array<LoggedRequest> = [];
  const faults = yield* Ref.make<ReadonlyArray<Fault & { readonly hits: number }>>([]);

  const tell = Effect.fnUntraced(function* (change: Change) {
    if (change.before === change.after) return;
    for (const controller of yield* Ref.get(controllers)) {
      yield* Effect.forkIn(controller(change), scope);
    }
  });

  const write = Effect.fnUntraced(function* <E>(
    ref: ObjectRef,
    edit: Edit<E>,
    options: { readonly dryRun?: boolean } = {},
  ) {
    const now = yield* Clock.currentTimeMillis;
    const outcome = yield* Ref.modify(
      state,
      (store): readonly [Result.Result<Change & { after: KubeObject }, E | Refused>, Store] => {
        const live = store.objects.get(keyOf(ref));
        const edited = edit(live, store);
        if (Result.isFailure(edited)) return [Result.fail(edited.failure), store];
        const detail = objection(ref.type, live?.object, edited.success.object);
        if (detail !== undefined) return [Result.fail({ _tag: "Refused", detail }), store];
        const next = {
          ...edited.success,
          object: withStoredVersions(ref.type, live?.object, edited.success.object),
        };
        const [after, changed] = stored(store, ref.type, next, now);
        const change = { type: ref.type, before: live?.object, after };
        return [Result.succeed(change), options.dryRun === true ? store : changed];
      },
    );
    const change = yield* Effect.fromResult(outcome);
    if (options.dryRun !== true) yield* tell(change);
    return change.after;
  });

  const peek = (ref: ObjectRef) =>
    Effect.map(Ref.get(state), (store) => store.objects.get(keyOf(ref))?.object);

  const hit = (request: ApiRequest) =>
    Ref.modify(faults, (known) => {
      if (known.length === 0) return [undefined, known] as const;
      const matching = known.filter((fault) => isAbout(fault, request));
      const counted = known.map((fault) =>
        matching.includes(fault) ? { ...fault, hits: fault.hits + 1 } : fault,
      );
      const struck = matching.find(
        ({ hits, skip = 0, times = Number.POSITIVE_INFINITY }) =>
          hits >= skip && hits < skip + times,
      );
      return [struck?.trouble, counted] as const;
    });

  return FakeCluster.of({
    request: Effect.fnUntraced(function* (request, call) {
      const at = yield* Clock.currentTimeMillis;
      log.push({ ...request, at });
      const trouble = yield* hit(request);
      return yield* trouble === undefined ? call : underTrouble(trouble, request)(call);
    }),
    requests: Effect.sync(() => [...log]),
    inject: Effect.fnUntraced(function* (fault) {
      const { trouble } = fault;
      // The trouble is copied so that curing one fault leaves another of the same kind in place.
      const mine = { ...fault, trouble: { ...trouble }, hits: 0 };
      yield* Ref.update(faults, (known) => [...known, mine]);
      return Ref.update(faults, (known) => known.filter((other) => other.trouble !== mine.trouble));
    }),
    snapshot: Ref.get(state),
    write,
    remove: Effect.fnUntraced(function* (ref) {
      const before = yield* peek(ref);
      yield* Ref.update(state, (store) => removed(store, ref));
      yield* tell({ type: ref.type, before, after: undefined });
    }),
    peek,
    all: (type, namespace) => Effect.map(Ref.get(state), (store) => listed(store, type, namespace)),
    seed: Effect.fnUntraced(function* (type, object, manager = "helm") {
      const now = yield* Clock.currentTimeMillis;
      return yield* Ref.modify(state, (store) => {
        const live = store.objects.get(keyOf(refOf(type, object)));
        const blank: Owned = { object, owners: new Map() };
        const next = updated(live ?? blank, object, manager);
        const complete = { ...next, object: withStoredVersions(type, live?.object, next.object) };
        return stored(store, type, complete, now);
      });
    }),
    setStatus: Effect.fnUntraced(function* (ref, status) {
      yield* Effect.ignore(
        write(ref, (live) =>
          live === undefined
            ? Result.fail("gone")
            : Result.succeed({
                ...live,
                object: {
                  ...live.object,
                  status: { ...(fieldAt(live.object, "status") as object | undefined), ...status },
                },
              }),
        ),
      );
    }),
    edit: (ref, change) =>
      write(ref, (live) =>
        live === undefined
          ? Result.fail<Refused>({ _tag: "Refused", detail: `${ref.name} not found` })
          : Result.succeed(updated(live, change(live.object), "kubectl-edit")),
      ),
    react: (controller) => Ref.update(controllers, (known) => [...known, controller]),
  });
});
