/** The API server as one client sees it: the `Kubectl` port in front of the fake cluster. */
import { Effect, Layer, Option, Ref, Result } from "effect";
import type { Access } from "../../../src/domain/access/access.ts";
import { crdView, customType, servedVersions } from "../../../src/domain/crds/view.ts";
import { mergePatched } from "../../../src/domain/fields/merged-object.ts";
import { AdmissionPolicy, AdmissionPolicyBinding } from "../../../src/domain/hold/objects.ts";
import { isJsonObject, type JsonObject } from "../../../src/domain/kube/json.ts";
import {
  ApiService,
  apiVersionOf,
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  Job,
  type KubeObject,
  Lease,
  Namespace,
  type ObjectRef,
  Pod,
  ReplicaSet,
  type ResourceType,
  refOf,
  Secret,
  showRef,
} from "../../../src/domain/kube/objects.ts";
import {
  type ApplyOptions,
  Kubectl,
  KubectlError,
  type KubectlErrorReason,
  type ListQuery,
  type PodLogRef,
} from "../../../src/services/kube/Kubectl.ts";
import { type Edit, FakeCluster, type Refused } from "./FakeCluster.ts";
import { type ApiRequest, SERVER, type Verb } from "./faults.ts";
import { isHeld } from "./hold.ts";
import { applied, updated } from "./ownership.ts";
import { podHttp } from "./pod-http.ts";
import { levelWarnings } from "./pod-security.ts";
import { isServed, listed, lookUp, resourceName, type Store } from "./store.ts";
import { isAsked, watched } from "./watch.ts";

const BUILT_IN: ReadonlyArray<ResourceType> = [
  ApiService,
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  Job,
  Lease,
  Namespace,
  Pod,
  ReplicaSet,
  Secret,
  AdmissionPolicy,
  AdmissionPolicyBinding,
];

interface Refusal {
  readonly reason: KubectlErrorReason;
  readonly detail: string;
}

const notServed: Refusal = {
  reason: "NotServed",
  detail: "the server could not find the requested resource",
};

export const metadataOf = ({ apiVersion, kind, metadata }: KubeObject): KubeObject => ({
  apiVersion,
  kind,
  metadata,
});

/** Where `FakeCluster.logs` keeps the log of a container's current or last run. */
export const logKey = ({
  namespace,
  pod,
  container,
  previous,
}: Pick<PodLogRef, "namespace" | "pod" | "container" | "previous">): string =>
  `${namespace}/${pod}/${container}${previous ? " (previous)" : ""}`;

export interface FakeServer {
  readonly context: string;
  /** As the API server prints it. */
  readonly version: string;
  /** Everything when left out. */
  readonly may?: (access: Access) => boolean;
}

export const kubectlFor = (
  cluster: FakeCluster["Service"],
  actor: string,
  server: FakeServer,
): Kubectl["Service"] => {
  const requestFor = (
    verb: Verb,
    label: string,
    about: Partial<Pick<ApiRequest, "kind" | "name" | "dryRun">> = {},
  ): ApiRequest => ({ actor, verb, label, kind: "", name: "", dryRun: false, ...about });

  /** The request as it goes when the type is served at that moment. */
  const served = <A>(
    type: ResourceType,
    request: ApiRequest,
    call: (store: Store) => Effect.Effect<A, KubectlError>,
  ) =>
    cluster.request(
      request,
      Effect.flatMap(cluster.snapshot, (store) =>
        isServed(store, type)
          ? call(store)
          : Effect.fail(new KubectlError({ request: request.label, ...notServed })),
      ),
    );

  const write = (
    verb: Verb,
    type: ResourceType,
    object: KubeObject,
    edit: Edit<Refusal>,
    dryRun = false,
  ) => {
    const ref = refOf(type, object);
    const request = requestFor(verb, `${verb} ${showRef(ref)}`, {
      kind: type.kind,
      name: ref.name,
      dryRun,
    });
    const refused = (error: Refusal | Refused) =>
      new KubectlError({
        request: request.label,
        reason: "reason" in error ? error.reason : "Rejected",
        detail: error.detail,
      });
    return served(type, request, () =>
      Effect.mapError(cluster.write(ref, edit, { dryRun }), refused),
    );
  };

  const writeApplied = (
    type: ResourceType,
    object: KubeObject,
    { fieldManager, force, dryRun = false }: ApplyOptions,
  ) =>
    write(
      "apply",
      type,
      object,
      (live) =>
        Result.mapError(
          applied(live, object, fieldManager, force),
          (detail): Refusal => ({ reason: "Conflict", detail }),
        ),
      dryRun,
    );

  const about = (verb: Verb, ref: ObjectRef): ApiRequest =>
    requestFor(verb, `${verb} ${showRef(ref)}`, { kind: ref.type.kind, name: ref.name });

  const collectionRequest = (verb: Verb, { type, namespace }: ListQuery): ApiRequest =>
    requestFor(verb, `${verb} ${type.plural}${namespace === undefined ? "" : ` in ${namespace}`}`, {
      kind: type.kind,
    });

  const list = (query: ListQuery) => {
    const { type, namespace, metadataOnly } = query;
    return served(type, collectionRequest("list", query), (store) => {
      const found = listed(store, type, namespace).filter((object) => isAsked(query, object));
      return Effect.succeed(metadataOnly === true ? found.map(metadataOf) : found);
    });
  };

  return Kubectl.of({
    target: cluster.request(
      requestFor("target", "read the kubeconfig"),
      Effect.succeed({ context: server.context, server: SERVER }),
    ),

    serverVersion: cluster.request(
      requestFor("version", "read the server's version"),
      Effect.sync(() => {
        const [, major, minor] = /^v(\d+)\.(\d+)/.exec(server.version) ?? [];
        return { major: Number(major), minor: Number(minor), text: server.version };
      }),
    ),

    get: (ref) => {
      const look = (store: Store) =>
        Effect.succeed(Option.fromUndefinedOr(lookUp(store, ref)?.object));
      return served(ref.type, about("get", ref), look);
    },

    list,
    watch: (query) => watched(cluster, query, list(query), collectionRequest("watch", query)),

    podLog: (ref) => {
      const request = requestFor("log", `read the log of Pod ${ref.namespace}/${ref.pod}`, {
        kind: Pod.kind,
        name: ref.pod,
      });
      return cluster
        .request(
          request,
          Effect.flatMap(Ref.get(cluster.logs), (logs) =>
            Effect.mapError(
              Effect.fromNullishOr(logs.get(logKey(ref))),
              () =>
                new KubectlError({
                  reason: "Rejected",
                  request: request.label,
                  detail: `container "${ref.container}" in pod "${ref.pod}" is waiting to start`,
                }),
            ),
          ),
        )
        .pipe(Effect.map((text) => text.split("\n").slice(-ref.tailLines).join("\n")));
    },

    podHttp: (ref) => {
      const label = `read ${ref.path} of Pod ${ref.namespace}/${ref.pod}, port ${ref.port}`;
      const request = requestFor("proxy", label, { kind: Pod.kind, name: ref.pod });
      return podHttp(cluster, request, ref);
    },

    served: cluster.request(
      requestFor("version", "read what is served"),
      Effect.map(
        cluster.snapshot,
        (store) =>
          new Set(
            listed(store, CustomResourceDefinition, undefined).flatMap((crd) =>
              servedBy(crd)
                .filter((type) => isServed(store, type))
                .map(({ plural, version, group }) => `${plural}.${version}.${group}`),
            ),
          ),
      ),
    ),

    resources: cluster.request(
      requestFor("version", "read what is served"),
      Effect.map(cluster.snapshot, (store) => [
        ...BUILT_IN,
        ...listed(store, CustomResourceDefinition, undefined).flatMap(servedBy),
      ]),
    ),

    canI: (access) =>
      cluster.request(
        requestFor("review", `ask whether this account may ${access.verb} ${access.resource}`),
        Effect.sync(() => server.may?.(access) ?? true),
      ),

    apply: (type, object, options) =>
      Effect.map(writeApplied(type, object, options), (result) =>
        options.metadataOnly === true ? metadataOf(result) : result,
      ),

    warningsOf: (type, object, options) =>
      writeApplied(type, object, { ...options, dryRun: true }).pipe(
        Effect.andThen(cluster.snapshot),
        Effect.map((store) => levelWarnings(object, listed(store, Pod, object.metadata.name))),
      ),

    create: (type, object) =>
      write("create", type, object, (live) =>
        live === undefined
          ? applied(undefined, object, actor, false).pipe(Result.mapError(neverConflicts))
          : Result.fail({
              reason: "Conflict",
              detail: `${resourceName(type)} "${object.metadata.name}" already exists`,
            }),
      ),

    replace: (type, object) =>
      write("replace", type, object, (live) => {
        const name = `${resourceName(type)} "${object.metadata.name}"`;
        if (live === undefined) {
          // The live layer cannot tell this 404 from a missing type either.
          return Result.fail({ reason: "NotServed", detail: `${name} not found` });
        }
        const read = object.metadata.resourceVersion;
        return read === undefined || read === live.object.metadata.resourceVersion
          ? Result.succeed(updated(live, withStatusOf(live.object, object), actor))
          : Result.fail(modified(name));
      }),

    patch: (ref, patch, { fieldManager, dryRun }) => {
      const { metadata: about } = patch;
      const read = isJsonObject(about) ? about.resourceVersion : undefined;
      const target = { apiVersion: apiVersionOf(ref.type), kind: ref.type.kind, metadata: ref };
      return write(
        "patch",
        ref.type,
        target,
        (live) => {
          const name = `${resourceName(ref.type)} "${ref.name}"`;
          if (live === undefined) {
            return Result.fail({ reason: "NotServed", detail: `${name} not found` });
          }
          const next = mergePatched(live.object as unknown as JsonObject, patch);
          return read === undefined || read === live.object.metadata.resourceVersion
            ? Result.succeed(updated(live, next as unknown as KubeObject, fieldManager))
            : Result.fail(modified(name));
        },
        dryRun,
      );
    },

    delete: (ref, { dryRun = false } = {}) =>
      served(ref.type, { ...about("delete", ref), dryRun }, (store) =>
        dryRun
          ? Effect.mapError(
              Effect.asVoid(Effect.fromNullishOr(isHeld(store, ref) ? undefined : ref)),
              () =>
                new KubectlError({
                  request: about("delete", ref).label,
                  reason: "Rejected",
                  detail: `${resourceName(ref.type)} "${ref.name}" is invalid: ValidatingAdmissionPolicy denied request`,
                }),
            )
          : cluster.remove(ref),
      ),

    askPod: ({ namespace, pod, method, path, port }) => {
      const label = `${method} ${path} at port ${port} of Pod ${namespace}/${pod}`;
      const request = requestFor("proxy", label, { kind: Pod.kind, name: pod });
      const look = Effect.flatMap(cluster.peek({ type: Pod, name: pod, namespace }), (found) =>
        found === undefined
          ? Effect.fail(
              new KubectlError({ reason: "NotServed", request: label, detail: "not found" }),
            )
          : Effect.succeed("OK\n"),
      );
      return cluster.request(request, look);
    },
  });
};

const servedBy = (crd: KubeObject): ReadonlyArray<ResourceType> => {
  const view = crdView(crd);
  return servedVersions(view).map((version) => customType(view, version));
};

const modified = (name: string): Refusal => ({
  reason: "Conflict",
  detail: `Operation cannot be fulfilled on ${name}: the object has been modified; please apply your changes to the latest version and try again`,
});

const neverConflicts = (detail: string): Refusal => ({ reason: "Conflict", detail });

/** A status is written by controllers alone. */
const withStatusOf = (live: KubeObject, { status: _, ...object }: KubeObject): KubeObject => ({
  ...(object as KubeObject),
  ...(live.status === undefined ? {} : { status: live.status }),
});

export const typeOf = (
  types: ReadonlyArray<ResourceType>,
  { apiVersion, kind }: KubeObject,
): ResourceType | undefined =>
  types.find((type) => type.kind === kind && apiVersionOf(type) === apiVersion);

export const layerKubectl = (server: FakeServer): Layer.Layer<Kubectl, never, FakeCluster> =>
  Layer.effect(
    Kubectl,
    Effect.map(FakeCluster, (cluster) => kubectlFor(cluster, "tare", server)),
  );
