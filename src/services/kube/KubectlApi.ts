import { Duration, Effect, Layer, Option, Schema, Scope, Stream } from "effect";
import type { ClusterChoice } from "../../domain/kube/cluster-choice.ts";
import {
  apiVersionOf,
  fieldAt,
  type KubeObject,
  type ObjectRef,
  Pod,
  type ResourceType,
  refOf,
  showRef,
} from "../../domain/kube/objects.ts";
import { connect } from "./connection.ts";
import { readResources, readServed } from "./discovery.ts";
import {
  type ApplyOptions,
  Kubectl,
  KubectlError,
  type ListQuery,
  type ServerVersion,
} from "./Kubectl.ts";
import { askPod } from "./pod-http.ts";
import { callKube, isAbsentObject, type KubeCall, type KubeResponse } from "./transport/http.ts";
import { watchKube } from "./watch.ts";

const PAGE_SIZE = "500";
const LOG_LIMIT_BYTES = String(64 * 1024);
const METADATA_LIST =
  "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
/** The server itself gives up after a minute; a CRD of a megabyte can take a busy one that long. */
const APPLY_TIMEOUT = Duration.seconds(65);

const collectionPath = (type: ResourceType, namespace: string | undefined): string =>
  [
    type.group === "" ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`,
    ...(type.namespaced && namespace !== undefined
      ? ["namespaces", encodeURIComponent(namespace)]
      : []),
    type.plural,
  ].join("/");

const objectPath = ({ type, name, namespace }: ObjectRef): string =>
  `${collectionPath(type, namespace)}/${encodeURIComponent(name)}`;

const selectorsOf = ({ labelSelector, fieldSelector }: ListQuery) => ({
  ...(labelSelector === undefined ? {} : { labelSelector }),
  ...(fieldSelector === undefined ? {} : { fieldSelector }),
});

const whatOf = ({ type, namespace }: ListQuery): string =>
  `${type.plural}${namespace === undefined ? "" : ` in ${namespace}`}`;

const watchCall = (query: ListQuery): KubeCall => ({
  method: "GET",
  path: collectionPath(query.type, query.namespace),
  query: selectorsOf(query),
  ...(query.metadataOnly === true ? { accept: METADATA } : {}),
  label: `watch ${whatOf(query)}`,
});

const VersionInfo = Schema.Struct({
  major: Schema.String,
  minor: Schema.String,
  gitVersion: Schema.String,
});

const serverVersionOf = (body: unknown): Effect.Effect<ServerVersion, KubectlError> =>
  Schema.decodeUnknownEffect(VersionInfo)(body).pipe(
    Effect.map(({ major, minor, gitVersion }) => ({
      major: Number.parseInt(major, 10),
      // Some providers append a plus sign.
      minor: Number.parseInt(minor, 10),
      text: gitVersion,
    })),
    Effect.mapError(
      () =>
        new KubectlError({
          reason: "ServerError",
          request: "read the server's version",
          detail: "the answer is not that of a Kubernetes API server",
        }),
    ),
  );

const objectOf = ({ body }: KubeResponse): KubeObject => body as KubeObject;

const textOf = ({ body }: KubeResponse): string =>
  typeof body === "string" ? body : JSON.stringify(body);

/** Lists leave `kind` and `apiVersion` to the list itself; the objects are given theirs back. */
const withType =
  (type: ResourceType) =>
  (item: unknown): KubeObject => ({
    ...(item as KubeObject),
    apiVersion: apiVersionOf(type),
    kind: type.kind,
  });

const applyCall = (
  verb: "apply" | "rehearse",
  type: ResourceType,
  object: KubeObject,
  { fieldManager, force, dryRun = false, metadataOnly = false }: ApplyOptions,
): KubeCall => {
  const ref = refOf(type, object);
  return {
    method: "PATCH",
    path: objectPath(ref),
    query: {
      fieldManager,
      force: String(force),
      // What the schema does not know is checked elsewhere, and to find it the server parses everything a second time.
      fieldValidation: "Ignore",
      ...(dryRun ? { dryRun: "All" } : {}),
    },
    ...(metadataOnly ? { accept: METADATA } : {}),
    timeout: APPLY_TIMEOUT,
    isSafe: dryRun,
    // JSON is YAML.
    body: { contentType: "application/apply-patch+yaml", json: object },
    label: `${verb} ${showRef(ref)}`,
  };
};

/**
 * Talks to the API server directly. Not through the generated clients: their typed serialisers drop what they do not
 * know, `x-kubernetes-*` in a CRD's schema among it (see docs/decisions).
 */
export const layerKubectlApi = (choice: ClusterChoice): Layer.Layer<Kubectl> =>
  Layer.effect(
    Kubectl,
    Effect.gen(function* () {
      const scope = yield* Effect.scope;
      const connection = yield* Effect.cached(
        Effect.provideService(connect(choice), Scope.Scope, scope),
      );
      const call = Effect.fnUntraced(function* (
        request: KubeCall,
        accept?: (response: KubeResponse) => boolean,
      ) {
        return yield* callKube(yield* connection, request, accept);
      });

      const listing = Effect.fnUntraced(function* (query: ListQuery) {
        const objects: Array<KubeObject> = [];
        let next: string | undefined;
        let resourceVersion = "";
        do {
          const { body } = yield* call({
            method: "GET",
            path: collectionPath(query.type, query.namespace),
            query: {
              limit: PAGE_SIZE,
              ...selectorsOf(query),
              ...(next === undefined ? {} : { continue: next }),
            },
            ...(query.metadataOnly === true ? { accept: METADATA_LIST } : {}),
            label: `list ${whatOf(query)}`,
          });
          const page = body as {
            readonly items?: ReadonlyArray<unknown>;
            readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
          };
          for (const item of page.items ?? []) objects.push(withType(query.type)(item));
          next = page.metadata?.continue || undefined;
          resourceVersion = page.metadata?.resourceVersion ?? "";
        } while (next !== undefined);
        return { objects, resourceVersion };
      });

      const write = (method: "POST" | "PUT", verb: string) =>
        Effect.fnUntraced(function* (type: ResourceType, object: KubeObject) {
          const ref = refOf(type, object);
          return objectOf(
            yield* call({
              method,
              path: method === "POST" ? collectionPath(type, ref.namespace) : objectPath(ref),
              query: { fieldManager: "tare" },
              body: { contentType: "application/json", json: object },
              label: `${verb} ${showRef(ref)}`,
            }),
          );
        });

      return Kubectl.of({
        target: Effect.map(connection, ({ target }) => target),

        serverVersion: Effect.flatMap(
          call({ method: "GET", path: "/version", label: "read the server's version" }),
          ({ body }) => serverVersionOf(body),
        ),

        get: Effect.fn("Kubectl.get")(function* (ref) {
          const response = yield* call(
            { method: "GET", path: objectPath(ref), label: `get ${showRef(ref)}` },
            isAbsentObject,
          );
          return response.status === 404 ? Option.none() : Option.some(objectOf(response));
        }),

        list: Effect.fn("Kubectl.list")(function* (query) {
          return (yield* listing(query)).objects;
        }),

        watch: (query) =>
          Stream.unwrap(
            Effect.map(connection, (connected) =>
              watchKube(connected, watchCall(query), listing(query), withType(query.type)),
            ),
          ),

        podLog: Effect.fn("Kubectl.podLog")(function* (ref) {
          const { namespace, pod, container, previous, tailLines } = ref;
          const response = yield* call({
            method: "GET",
            path: `${collectionPath(Pod, namespace)}/${encodeURIComponent(pod)}/log`,
            query: {
              container,
              previous: String(previous),
              tailLines: String(tailLines),
              limitBytes: LOG_LIMIT_BYTES,
            },
            accept: "*/*",
            label: `read the log of Pod ${namespace}/${pod}, container ${container}`,
          });
          return textOf(response);
        }),

        podHttp: Effect.fn("Kubectl.podHttp")(function* ({ namespace, pod, port, path, query }) {
          const server = `${collectionPath(Pod, namespace)}/${encodeURIComponent(pod)}:${port}`;
          const response = yield* call({
            method: "GET",
            path: `${server}/proxy${path}`,
            ...(query === undefined ? {} : { query }),
            accept: "*/*",
            label: `read ${path} of Pod ${namespace}/${pod}, port ${port}`,
          });
          return textOf(response);
        }),

        served: Effect.suspend(() => readServed(call)),
        resources: Effect.suspend(() => readResources(call)),

        canI: Effect.fn("Kubectl.canI")(function* ({ verb, group, resource, namespace, name }) {
          const { body } = yield* call({
            method: "POST",
            path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            body: {
              contentType: "application/json",
              json: {
                apiVersion: "authorization.k8s.io/v1",
                kind: "SelfSubjectAccessReview",
                spec: { resourceAttributes: { verb, group, resource, namespace, name } },
              },
            },
            isSafe: true,
            label: `ask whether this account may ${verb} ${resource}`,
          });
          return fieldAt(body, "status", "allowed") === true;
        }),

        apply: Effect.fn("Kubectl.apply")(function* (type, object, options) {
          return objectOf(yield* call(applyCall("apply", type, object, options)));
        }),

        warningsOf: Effect.fn("Kubectl.warningsOf")(function* (type, object, options) {
          const rehearsal = { ...options, dryRun: true, metadataOnly: true };
          const { warnings = [] } = yield* call(applyCall("rehearse", type, object, rehearsal));
          return warnings;
        }),

        create: write("POST", "create"),
        replace: write("PUT", "replace"),

        patch: Effect.fn("Kubectl.patch")(function* (ref, patch, { fieldManager, dryRun = false }) {
          return objectOf(
            yield* call({
              method: "PATCH",
              path: objectPath(ref),
              query: {
                fieldManager,
                fieldValidation: "Ignore",
                ...(dryRun ? { dryRun: "All" } : {}),
              },
              timeout: APPLY_TIMEOUT,
              isSafe: dryRun,
              body: { contentType: "application/merge-patch+json", json: patch },
              label: `patch ${showRef(ref)}`,
            }),
          );
        }),

        delete: Effect.fn("Kubectl.delete")(function* (ref, { dryRun = false } = {}) {
          yield* call(
            {
              method: "DELETE",
              path: objectPath(ref),
              // A Job's default would leave what it owns without an owner.
              query: { propagationPolicy: "Background", ...(dryRun ? { dryRun: "All" } : {}) },
              label: `delete ${showRef(ref)}`,
            },
            isAbsentObject,
          );
        }),

        askPod: Effect.fn("Kubectl.askPod")(function* (request) {
          const { namespace, pod, port, method, path } = request;
          const forwarding: KubeCall = {
            method: "GET",
            path: `${collectionPath(Pod, namespace)}/${encodeURIComponent(pod)}/portforward`,
            query: { ports: String(port) },
            label: `${method} ${path} at port ${port} of Pod ${namespace}/${pod}`,
          };
          return yield* askPod(yield* connection, forwarding, request);
        }),
      });
    }),
  );
