import { Context, Data, Effect, type Option, type Redacted, type Stream } from "effect";
import type { Access } from "../../domain/access/access.ts";
import type { JsonObject } from "../../domain/kube/json.ts";
import {
  type KubeObject,
  type ObjectRef,
  type ResourceType,
  refOf,
} from "../../domain/kube/objects.ts";

/** The cluster a run works on, as the kubeconfig names it. */
export interface ClusterTarget {
  /** The kubeconfig context; `undefined` inside a pod that uses its own account. */
  readonly context: string | undefined;
  readonly server: string;
  /**
   * The kubeconfig for other programs, where the operator's does not do for them: it came through a pipe, or its login
   * would ask a person or use up a refresh-token.
   */
  readonly kubeconfig?: Effect.Effect<Redacted.Redacted<string>, KubectlError> | undefined;
}

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  /** As the API server prints it, e.g. `v1.35.2`. */
  readonly text: string;
}

export type KubectlErrorReason =
  | "BadKubeconfig"
  | "Unreachable"
  | "TimedOut"
  | "Unauthorized"
  | "Forbidden"
  /** The type is not served: its CRD or aggregated API is missing. An absent object is an `Option`. */
  | "NotServed"
  | "Conflict"
  /** What a watch asked to continue from is no longer kept: list again. */
  | "Expired"
  /** Schema, validation or admission said no. */
  | "Rejected"
  | "ServerError";

/** A call to the API server that did not do what was asked. */
export class KubectlError extends Data.TaggedError("KubectlError")<{
  readonly reason: KubectlErrorReason;
  /** What was asked, e.g. `get EnvoyProxy tars-system/tars-egress`. */
  readonly request: string;
  /** The server's own words, or the network's. */
  readonly detail: string;
}> {
  override get message() {
    return `${this.request}: ${this.detail}`;
  }
}

export interface ListQuery {
  readonly type: ResourceType;
  /** All namespaces when left out. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** By the fields the server indexes, e.g. `involvedObject.uid=…`. */
  readonly fieldSelector?: string;
  /** Only `metadata` of each object is transferred. */
  readonly metadataOnly?: boolean;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Take over fields that other managers own. */
  readonly force: boolean;
  /** Ask the server for the result without keeping it. */
  readonly dryRun?: boolean;
  /** Only `metadata` of the result is transferred. */
  readonly metadataOnly?: boolean;
}

export interface PatchOptions {
  readonly fieldManager: string;
  /** Ask the server for the result without keeping it. */
  readonly dryRun?: boolean;
}

/** What a watch tells: first everything there is, then each change in its order. */
export type WatchEvent =
  | { readonly _tag: "Listed"; readonly objects: ReadonlyArray<KubeObject> }
  | { readonly _tag: "Applied"; readonly object: KubeObject }
  /** The object as it last was; it may also have stopped matching the query. */
  | { readonly _tag: "Deleted"; readonly object: KubeObject };

/** An HTTP request to a port of a pod, which may listen on the pod's loopback alone. */
export interface PodRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
  readonly method: "GET" | "POST";
  /** With its query, if it has one. */
  readonly path: string;
}

export interface DeleteOptions {
  /** Ask the server whether it would, and delete nothing. */
  readonly dryRun?: boolean;
}

export interface PodLogRef {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The log of the container's last run before this one. */
  readonly previous: boolean;
  readonly tailLines: number;
}

/** What to ask of a server in a pod: plain HTTP, `GET`. */
export interface PodHttpRef {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
  /** From the root, e.g. `/stats/prometheus`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

/**
 * The port to the cluster. It is named after the tool operators know; the live layer talks to the API server in
 * process. Every call fails with `KubectlError` after a bounded time and is safe to interrupt.
 */
export class Kubectl extends Context.Service<
  Kubectl,
  {
    readonly target: Effect.Effect<ClusterTarget, KubectlError>;
    readonly serverVersion: Effect.Effect<ServerVersion, KubectlError>;
    readonly get: (ref: ObjectRef) => Effect.Effect<Option.Option<KubeObject>, KubectlError>;
    readonly list: (query: ListQuery) => Effect.Effect<ReadonlyArray<KubeObject>, KubectlError>;
    /**
     * `Listed` once, then what changes. Never ends by itself: fails with `KubectlError` when the connection drops, the
     * server forgot where to continue (`Expired`) or says nothing for too long. Running it again lists again.
     */
    readonly watch: (query: ListQuery) => Stream.Stream<WatchEvent, KubectlError>;
    /** The last lines of a container's log, at most 64 KiB. `Rejected` when the container has none yet. */
    readonly podLog: (ref: PodLogRef) => Effect.Effect<string, KubectlError>;
    /**
     * The text that a server in the pod answers, asked for by the API server (`pods/proxy`). `NotServed` when the pod
     * is gone, `ServerError` when nothing answers at the port.
     */
    readonly podHttp: (ref: PodHttpRef) => Effect.Effect<string, KubectlError>;
    /** What the server's discovery names, each as `plural.version.group`: what Helm and controllers can find. */
    readonly served: Effect.Effect<ReadonlySet<string>, KubectlError>;
    /** Every type the server serves, in each of its versions. */
    readonly resources: Effect.Effect<ReadonlyArray<ResourceType>, KubectlError>;
    /** Whether the account of this run may do that, as the server's authorisers say (SelfSubjectAccessReview). */
    readonly canI: (access: Access) => Effect.Effect<boolean, KubectlError>;
    /** Server-side apply; returns the object as stored (or as it would be, for a dry run). */
    readonly apply: (
      type: ResourceType,
      object: KubeObject,
      options: ApplyOptions,
    ) => Effect.Effect<KubeObject, KubectlError>;
    /** What the server warns of when it is asked to apply the object, in its own words; nothing is written. */
    readonly warningsOf: (
      type: ResourceType,
      object: KubeObject,
      options: Pick<ApplyOptions, "fieldManager" | "force">,
    ) => Effect.Effect<ReadonlyArray<string>, KubectlError>;
    /** Fails with `Conflict` when the object exists. */
    readonly create: (
      type: ResourceType,
      object: KubeObject,
    ) => Effect.Effect<KubeObject, KubectlError>;
    /** Replaces the object as it was read: fails with `Conflict` when its resourceVersion is no longer current. */
    readonly replace: (
      type: ResourceType,
      object: KubeObject,
    ) => Effect.Effect<KubeObject, KubectlError>;
    /**
     * A JSON merge patch (RFC 7386). Fails with `Conflict` when it names a resourceVersion that is no longer current, with
     * `NotServed` when there is no such object.
     */
    readonly patch: (
      ref: ObjectRef,
      patch: JsonObject,
      options: PatchOptions,
    ) => Effect.Effect<KubeObject, KubectlError>;
    /** Deleting what is not there succeeds. */
    readonly delete: (ref: ObjectRef, options?: DeleteOptions) => Effect.Effect<void, KubectlError>;
    /** The body of the answer, as text. The request goes through the API server (`pods/portforward`). */
    readonly askPod: (request: PodRequest) => Effect.Effect<string, KubectlError>;
  }
>()("tare/services/Kubectl") {}

/** As many as client-go's `DefaultRetry` makes. */
const CHANGE_TRIES = 5;

/**
 * Writes what `change` makes of the object. Kubelets and controllers write all the time, so it may be newer than the one at
 * hand: then it is read and changed again, as long as it is the same object. Fails with `Conflict` when another was first each time, or when the object has gone.
 */
export const changeObject = Effect.fnUntraced(function* (
  type: ResourceType,
  object: KubeObject,
  change: (object: KubeObject) => KubeObject,
): Effect.fn.Return<KubeObject, KubectlError, Kubectl> {
  const kubectl = yield* Kubectl;
  const again = Effect.fnUntraced(function* (
    conflict: KubectlError,
    triesLeft: number,
  ): Effect.fn.Return<KubeObject, KubectlError> {
    const read = yield* kubectl.get(refOf(type, object));
    const isSame = read._tag === "Some" && read.value.metadata.uid === object.metadata.uid;
    return yield* isSame ? write(read.value, triesLeft) : conflict;
  });
  const write = (current: KubeObject, triesLeft: number): Effect.Effect<KubeObject, KubectlError> =>
    Effect.catch(kubectl.replace(type, change(current)), (error) =>
      error.reason === "Conflict" && triesLeft > 1 ? again(error, triesLeft - 1) : error,
    );
  return yield* write(object, CHANGE_TRIES);
});
