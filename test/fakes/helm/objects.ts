/** How Helm brings the objects of one manifest to those of another, and how it waits for them. */
import { Clock, Duration, Effect, Option } from "effect";
import type { HelmVersion } from "../../../src/domain/helm/version.ts";
import {
  getPath,
  type JsonObject,
  type JsonPath,
  jsonEquals,
  leaves,
  setPath,
} from "../../../src/domain/kube/json.ts";
import {
  ConfigMap,
  Deployment,
  EnvoyProxy,
  Gateway,
  type KubeObject,
  numberAt,
  ReplicaSet,
  type ResourceType,
  refOf,
  Secret,
} from "../../../src/domain/kube/objects.ts";
import type { ReleaseRef } from "../../../src/domain/release/release.ts";
import type { Kubectl, KubectlErrorReason } from "../../../src/services/kube/Kubectl.ts";
import { typeOf } from "../cluster/kubectl.ts";
import { goalOf, isOwnedBy, revisionOf } from "../controllers/deployment-objects.ts";
import { HelmFailure } from "./failure.ts";
import { marked } from "./ownership.ts";
import {
  applyText,
  FORCED_ON_THE_CLIENT,
  patchText,
  TIMED_OUT,
  watchTimeoutText,
} from "./personality.ts";
import type { ApplyMethod } from "./records.ts";

type Api = Kubectl["Service"];

const CHART_TYPES = [ConfigMap, Secret, Deployment, EnvoyProxy, Gateway];

export const knownChartType = (object: KubeObject): ResourceType | undefined =>
  typeOf(CHART_TYPES, object);

export const chartTypeOf = (object: KubeObject): ResourceType => {
  const type = knownChartType(object);
  if (type === undefined) throw new Error(`the fake Helm does not know ${object.kind}`);
  return type;
};

export const isSameObject = (left: KubeObject) => (right: KubeObject) =>
  left.kind === right.kind &&
  left.metadata.name === right.metadata.name &&
  left.metadata.namespace === right.metadata.namespace;

const json = (object: KubeObject): JsonObject => object as unknown as JsonObject;

const withoutPath = (root: JsonObject, [key = "", ...rest]: JsonPath): JsonObject => {
  const child = root[key];
  if (rest.length > 0 && typeof child === "object" && child !== null) {
    return { ...root, [key]: withoutPath(child as JsonObject, rest) };
  }
  const { [key]: _, ...others } = root;
  return others;
};

const CUSTOM = new Set([EnvoyProxy.kind, Gateway.kind]);

/**
 * The patch from one manifest to the next, laid over the live object. For custom resources only the manifests are
 * compared: what the chart did not change stays as it is on the cluster, whoever left it so. For built-in types Helm
 * looks at the live object as well.
 */
const patched = (old: KubeObject | undefined, next: KubeObject, live: KubeObject): KubeObject => {
  const before = old === undefined ? {} : json(old);
  const blind = CUSTOM.has(next.kind);
  const set = leaves(json(next))
    .filter(([path, value]) => !blind || !jsonEquals(getPath(before, path), value))
    .reduce((object, [path, value]) => setPath(object, path, value), json(live));
  return leaves(before)
    .filter(([path]) => getPath(json(next), path) === undefined)
    .reduce((object, [path]) => withoutPath(object, path), set) as unknown as KubeObject;
};

/** A patch names no resource version, so it never meets a conflict. */
const unconditional = (object: KubeObject): KubeObject => {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
};

export interface Application {
  readonly version: HelmVersion;
  readonly release: ReleaseRef;
  readonly method: ApplyMethod;
  readonly forceConflicts: boolean;
  readonly from: ReadonlyArray<KubeObject>;
  readonly to: ReadonlyArray<KubeObject>;
}

const isKept = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.["helm.sh/resource-policy"] === "keep";

/** Every object is tried; what the server refused is told together. */
export const applyObjects = Effect.fnUntraced(function* (
  api: Api,
  { version, release, method, forceConflicts, from, to }: Application,
) {
  if (forceConflicts && method === "csa") {
    return yield* new HelmFailure({ text: FORCED_ON_THE_CLIENT });
  }
  const problems: Array<string> = [];
  for (const object of to.map((one) => marked(one, release))) {
    const type = chartTypeOf(object);
    const attempt = Effect.gen(function* () {
      if (method === "ssa") {
        return yield* api.apply(type, object, { fieldManager: "helm", force: forceConflicts });
      }
      const live = yield* api.get(refOf(type, object));
      if (Option.isNone(live)) return yield* api.create(type, object);
      const next = patched(from.find(isSameObject(object)), object, live.value);
      // Where there is nothing to patch, no request is made.
      if (jsonEquals(json(next), json(live.value))) return next;
      return yield* api.replace(type, unconditional(next));
    });
    yield* Effect.catch(attempt, (error) =>
      Effect.sync(() =>
        problems.push(
          method === "ssa" ? applyText(version, object, error) : patchText(object, error),
        ),
      ),
    );
  }
  if (problems.length > 0) return yield* new HelmFailure({ text: problems.join(" && ") });
  for (const object of from.filter((old) => !to.some(isSameObject(old)) && !isKept(old))) {
    yield* Effect.ignore(api.delete(refOf(chartTypeOf(object), object)));
  }
});

/** Objects that a rollback target has, that are on the cluster, and that the manifest it starts from lacks. */
export const droppedObjects = Effect.fnUntraced(function* (
  api: Api,
  from: ReadonlyArray<KubeObject>,
  to: ReadonlyArray<KubeObject>,
) {
  const missing = to.filter((object) => !from.some(isSameObject(object)));
  const live = yield* Effect.forEach(missing, (object) =>
    Effect.orElseSucceed(api.get(refOf(chartTypeOf(object), object)), Option.none<KubeObject>),
  );
  return missing.filter((_, index) => {
    const found = live[index];
    return found !== undefined && Option.isSome(found);
  });
});

const REFUSALS: ReadonlySet<KubectlErrorReason> = new Set([
  "Unauthorized",
  "Forbidden",
  "NotServed",
  "Rejected",
]);

const POLL_EVERY = Duration.seconds(2);

const observed = (deployment: KubeObject): string | undefined => {
  const generation = deployment.metadata.generation ?? 0;
  const seen = numberAt(deployment, "status", "observedGeneration") ?? 0;
  return seen < generation
    ? `Deployment generation is ${generation}, but latest observed generation is ${seen}`
    : undefined;
};

/** Helm 4's watcher wants all of it: every pod new, available, and none too many. */
const settling = (deployment: KubeObject): string | undefined => {
  const desired = numberAt(deployment, "spec", "replicas") ?? 1;
  const status = (field: string) => numberAt(deployment, "status", field) ?? 0;
  if (status("updatedReplicas") < desired) {
    return `Updated: ${status("updatedReplicas")}/${desired}`;
  }
  const pending = status("replicas") - desired;
  if (pending > 0) return `Pending termination: ${pending}`;
  return status("availableReplicas") < desired
    ? `Available: ${status("availableReplicas")}/${desired}`
    : undefined;
};

/** The poller is content when the newest ReplicaSet has enough ready pods, whatever is left of the others. */
const rollingOut = Effect.fnUntraced(function* (api: Api, deployment: KubeObject) {
  const { desired, maxUnavailable } = goalOf(deployment);
  const enough = desired - maxUnavailable;
  const updated = numberAt(deployment, "status", "updatedReplicas") ?? 0;
  if (updated < enough) return `Updated: ${updated}/${desired}`;
  const sets = yield* api.list({
    type: ReplicaSet,
    ...(deployment.metadata.namespace === undefined
      ? {}
      : { namespace: deployment.metadata.namespace }),
  });
  const newest = sets
    .filter((set) => isOwnedBy(set, deployment))
    .reduce<KubeObject | undefined>(
      (best, set) => (best === undefined || revisionOf(set) > revisionOf(best) ? set : best),
      undefined,
    );
  const ready = numberAt(newest, "status", "readyReplicas") ?? 0;
  return ready < enough ? `Available: ${ready}/${desired}` : undefined;
});

const notReady = (api: Api, deployment: KubeObject, how: "poll" | "watch") => {
  const unobserved = observed(deployment);
  if (unobserved !== undefined || how === "watch") {
    return Effect.succeed(unobserved ?? settling(deployment));
  }
  return rollingOut(api, deployment);
};

/** Only Deployments are waited for: everything else a chart of ours has counts as ready at once. */
export const awaitReady = Effect.fnUntraced(function* (
  api: Api,
  objects: ReadonlyArray<KubeObject>,
  how: "poll" | "watch",
  timeout: Duration.Duration,
) {
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(timeout);
  const deployments = objects.filter(({ kind }) => kind === Deployment.kind);
  while (true) {
    const waiting = (yield* Effect.forEach(deployments, (object) =>
      api.get(refOf(Deployment, object)).pipe(
        Effect.flatMap(
          Option.match({
            onNone: () => Effect.succeed("not found"),
            onSome: (live) => notReady(api, live, how),
          }),
        ),
        // Trouble of the server is waited out, within the deadline; a refusal is not.
        Effect.catch(({ reason, detail }) =>
          REFUSALS.has(reason)
            ? Effect.fail(new HelmFailure({ text: detail }))
            : Effect.succeed(detail),
        ),
        Effect.map((message) => ({ object, message })),
      ),
    )).flatMap(({ object: { kind, metadata }, message }) =>
      message === undefined
        ? []
        : [{ kind, name: metadata.name, namespace: metadata.namespace ?? "", message }],
    );
    if (waiting.length === 0) return;
    const left = deadline - (yield* Clock.currentTimeMillis);
    if (left <= 0) {
      return yield* new HelmFailure({
        text: how === "watch" ? watchTimeoutText(waiting) : TIMED_OUT,
      });
    }
    yield* Effect.sleep(Duration.min(Duration.millis(left), POLL_EVERY));
  }
});
