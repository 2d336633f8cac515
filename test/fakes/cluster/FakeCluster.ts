/** One cluster in memory, under Effect's Clock. Kubectl and Helm are views onto it; controllers react to its changes. */
import { Clock, Context, Effect, Layer, Ref, Result, type Scope } from "effect";
import {
  CustomResourceDefinition,
  fieldAt,
  type KubeObject,
  type ObjectRef,
  type ResourceType,
  refOf,
} from "../../../src/domain/kube/objects.ts";
import type { KubectlError, PodHttpRef } from "../../../src/services/kube/Kubectl.ts";
import { objection, withStoredVersions } from "./crds.ts";
import { afterDeletion, withoutFinalizersLeft } from "./deletion.ts";
import { type ApiRequest, type Fault, isAbout, type Trouble, underTrouble } from "./faults.ts";
import { type Owned, updated } from "./ownership.ts";
import { noRoom } from "./room.ts";
import { emptyStore, listed, lookUp, removed, type Store, stored, withoutType } from "./store.ts";

export interface Change {
  readonly type: ResourceType;
  /** Absent when the object is new. */
  readonly before: KubeObject | undefined;
  /** Absent when the object was deleted. */
  readonly after: KubeObject | undefined;
}

export interface Observer {
  readonly changed: (change: Change) => void;
  /** A fault was injected: it breaks connections that are already open. */
  readonly struck: (fault: Fault) => void;
}

/** What to do about a change, if anything. */
export type Controller = (change: Change) => Effect.Effect<void> | undefined;

/** Turns the live object into the one to be kept, or says in the server's words why not. */
export type Edit<E> = (live: Owned | undefined, store: Store) => Result.Result<Owned, E>;

export interface LoggedRequest extends ApiRequest {
  readonly at: number;
}

/** What the servers in a pod answer; `undefined` where nothing listens. */
export type PodServers = (ref: PodHttpRef, pod: KubeObject, now: number) => string | undefined;

export class FakeCluster extends Context.Service<
  FakeCluster,
  {
    /** A request as a client makes it: it is logged, and faults hit it. */
    readonly request: <A>(
      request: ApiRequest,
      call: Effect.Effect<A, KubectlError>,
    ) => Effect.Effect<A, KubectlError>;
    readonly requests: Effect.Effect<ReadonlyArray<LoggedRequest>>;
    /** Told of what happens from now on, at once and in its order, until the scope ends. */
    readonly observe: (observer: Observer) => Effect.Effect<void, never, Scope.Scope>;
    /** What `kubectl logs` shows of a container; `undefined` when it has no log. */
    readonly logs: Ref.Ref<ReadonlyMap<string, string>>;
    readonly podServers: Ref.Ref<PodServers>;
    /** Returns how to take the fault away again. */
    readonly inject: (fault: Fault) => Effect.Effect<Effect.Effect<void>>;
    /** Sees every request before it is served, and may answer what befalls it. */
    readonly oversee: (
      overseer: (request: LoggedRequest) => Trouble | undefined,
    ) => Effect.Effect<void>;

    /** Admission: the objection to a write, in words, if there is one. */
    readonly admit: (
      objects: (type: ResourceType, next: KubeObject) => string | undefined,
    ) => Effect.Effect<void>;

    /** Mutating admission: what is kept instead of what was sent, of everything that is written from now on, and seeded. */
    readonly rewrite: (
      rewrites: (type: ResourceType, next: KubeObject) => KubeObject,
    ) => Effect.Effect<void>;

    readonly snapshot: Effect.Effect<Store>;
    /** Writes by the rules of the API server and tells the controllers. */
    readonly write: <E>(
      ref: ObjectRef,
      edit: Edit<E>,
      options?: { readonly dryRun?: boolean },
    ) => Effect.Effect<KubeObject, E | Refused>;
    /** Deletes as the API server does: a pod gets its grace period, a finalizer holds the object. */
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
    /** Why the server would not have a new object of a controller's, if it would not. */
    readonly refusal: (type: ResourceType, next: KubeObject) => Effect.Effect<string | undefined>;
    /** What a controller writes of its own objects: nobody else's fields are in it, so nobody's ownership is kept. */
    readonly put: (type: ResourceType, object: KubeObject) => Effect.Effect<KubeObject>;
    /** The object is gone at once, whatever holds it. */
    readonly purge: (ref: ObjectRef) => Effect.Effect<void>;
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

const UNOWNED: Owned["owners"] = new Map();

const make = Effect.gen(function* () {
  const scope = yield* Effect.scope;
  let store: Store = emptyStore;
  let controllers: ReadonlyArray<Controller> = [];
  let admissions: ReadonlyArray<(type: ResourceType, next: KubeObject) => string | undefined> = [];
  let rewritings: ReadonlyArray<(type: ResourceType, next: KubeObject) => KubeObject> = [];
  let faults: ReadonlyArray<Fault & { hits: number }> = [];
  // Appended to in place: a gate that polls makes thousands of requests.
  const log: Array<LoggedRequest> = [];

  let observers: ReadonlyArray<Observer> = [];
  const logs = yield* Ref.make<ReadonlyMap<string, string>>(new Map());
  const podServers = yield* Ref.make<PodServers>(() => undefined);

  let overseer: (request: LoggedRequest) => Trouble | undefined = () => undefined;

  const tell = (change: Change): Effect.Effect<void> => {
    if (change.before === change.after) return Effect.void;
    for (const observer of observers) observer.changed(change);
    const reactions = controllers.flatMap((controller) => controller(change) ?? []);
    return reactions.length === 0
      ? Effect.void
      : Effect.forEach(reactions, (reaction) => Effect.forkIn(reaction, scope), { discard: true });
  };

  const purge = (ref: ObjectRef) =>
    Effect.suspend(() => {
      const before = lookUp(store, ref)?.object;
      if (before === undefined) return Effect.void;
      store = removed(store, ref);
      if (ref.type.kind === CustomResourceDefinition.kind) store = withoutType(store, before);
      return tell({ type: ref.type, before, after: undefined });
    });

  /** Keeps `next`, and tells. */
  const keep = (type: ResourceType, next: Owned, now: number): Effect.Effect<KubeObject> => {
    const before = lookUp(store, refOf(type, next.object))?.object;
    const [after, changed] = stored(store, type, next, now);
    store = changed;
    // The write that takes the last finalizer away is the deletion.
    if (withoutFinalizersLeft(before, after)) {
      store = removed(store, refOf(type, after));
      return Effect.as(tell({ type, before, after: undefined }), after);
    }
    return Effect.as(tell({ type, before, after }), after);
  };

  const firstObjection = (type: ResourceType, next: KubeObject): string | undefined => {
    for (const objects of admissions) {
      const detail = objects(type, next);
      if (detail !== undefined) return detail;
    }
    return undefined;
  };

  const rewritten = (type: ResourceType, sent: KubeObject): KubeObject =>
    rewritings.reduce((next, rewrites) => rewrites(type, next), sent);

  const write = <E>(
    ref: ObjectRef,
    edit: Edit<E>,
    { dryRun = false }: { readonly dryRun?: boolean } = {},
  ) =>
    Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<KubeObject, E | Refused> => {
      const live = lookUp(store, ref);
      const edited = edit(live, store);
      if (Result.isFailure(edited)) return Effect.fail(edited.failure);
      const { owners } = edited.success;
      const object = rewritten(ref.type, edited.success.object);
      const detail =
        objection(ref.type, live?.object, object) ??
        firstObjection(ref.type, object) ??
        (live === undefined ? noRoom(store, ref.type, object) : undefined);
      if (detail !== undefined) return Effect.fail({ _tag: "Refused", detail });
      const next = { owners, object: withStoredVersions(ref.type, live?.object, object) };
      return dryRun
        ? Effect.succeed(stored(store, ref.type, next, now)[0])
        : keep(ref.type, next, now);
    });

  const peek = (ref: ObjectRef) => Effect.sync(() => lookUp(store, ref)?.object);

  const hit = (request: ApiRequest): Trouble | undefined => {
    let struck: Trouble | undefined;
    for (const fault of faults) {
      if (!isAbout(fault, request)) continue;
      const { skip = 0, times = Number.POSITIVE_INFINITY, hits, trouble } = fault;
      fault.hits += 1;
      if (hits >= skip && hits < skip + times) struck ??= trouble;
    }
    return struck;
  };

  return FakeCluster.of({
    request: (request, call) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        const logged = { ...request, at };
        log.push(logged);
        const trouble = overseer(logged) ?? hit(request);
        return trouble === undefined ? call : underTrouble(trouble, request)(call);
      }),
    requests: Effect.sync(() => [...log]),
    inject: (fault) =>
      Effect.sync(() => {
        const mine = { ...fault, hits: 0 };
        faults = [...faults, mine];
        for (const observer of observers) observer.struck(fault);
        return Effect.sync(() => {
          faults = faults.filter((other) => other !== mine);
        });
      }),
    oversee: (next) =>
      Effect.sync(() => {
        overseer = next;
      }),
    admit: (objects) =>
      Effect.sync(() => {
        admissions = [...admissions, objects];
      }),
    rewrite: (rewrites) =>
      Effect.sync(() => {
        rewritings = [...rewritings, rewrites];
      }),
    observe: (observer) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          observers = [...observers, observer];
        }),
        () =>
          Effect.sync(() => {
            observers = observers.filter((other) => other !== observer);
          }),
      ),
    logs,
    podServers,
    snapshot: Effect.sync(() => store),
    write,
    remove: (ref) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const live = lookUp(store, ref);
        if (live === undefined) return Effect.void;
        const left = afterDeletion(ref.type, live.object, now);
        return left === undefined
          ? purge(ref)
          : Effect.asVoid(keep(ref.type, { ...live, object: left }, now));
      }),
    peek,
    all: (type, namespace) => Effect.sync(() => listed(store, type, namespace)),
    seed: (type, object, manager = "helm") =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const live = lookUp(store, refOf(type, object));
        const admitted = rewritten(type, object);
        const next = updated(live ?? { object: admitted, owners: new Map() }, admitted, manager);
        const complete = { ...next, object: withStoredVersions(type, live?.object, next.object) };
        const [kept, changed] = stored(store, type, complete, now);
        store = changed;
        return kept;
      }),
    refusal: (type, next) => Effect.sync(() => noRoom(store, type, next)),
    put: (type, object) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        keep(type, { object, owners: lookUp(store, refOf(type, object))?.owners ?? UNOWNED }, now),
      ),
    purge,
    setStatus: (ref, status) =>
      Effect.ignore(
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
      ),
    edit: (ref, change) =>
      write(ref, (live) =>
        live === undefined
          ? Result.fail<Refused>({ _tag: "Refused", detail: `${ref.name} not found` })
          : Result.succeed(updated(live, change(live.object), "kubectl-edit")),
      ),
    react: (controller) =>
      Effect.sync(() => {
        controllers = [...controllers, controller];
      }),
  });
});
