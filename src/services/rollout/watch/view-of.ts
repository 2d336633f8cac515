/** Puts together what is known of a rollout from what the sources have told. */
import {
  ConfigMap,
  DaemonSet,
  Deployment,
  EnvoyProxy,
  Gateway,
  GatewayClass,
  Job,
  type KubeObject,
  Pod,
  ReplicaSet,
  StatefulSet,
} from "../../../domain/kube/objects.ts";
import { isForeign, isKnownAsOurs } from "../../../domain/rollout/baseline/gateways.ts";
import { OWNING_GATEWAY_LABEL } from "../../../domain/rollout/data-plane.ts";
import {
  isHookOf,
  isMadeForController,
  isOfRelease,
  isProxyOf,
  OWNING_GATEWAY_NAMESPACE_LABEL,
  type RolloutView,
  type Workload,
} from "../../../domain/rollout/view.ts";
import type { WatchEvent } from "../../kube/Kubectl.ts";
import { controllerSettings } from "../controller-settings.ts";
import type { FollowRequest } from "../RolloutGate.ts";

/** The bulk of an object, and of no use here. */
const trimmed = (object: KubeObject): KubeObject => {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
};

export type Objects = ReadonlyMap<string, KubeObject>;

const idOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ""}/${metadata.name}`;

export const listedAs = (objects: ReadonlyArray<KubeObject>): Objects =>
  new Map(objects.map((object) => [idOf(object), trimmed(object)]));

export const applied = (objects: Objects, event: WatchEvent): Objects => {
  if (event._tag === "Listed") return listedAs(event.objects);
  const next = new Map(objects);
  if (event._tag === "Deleted") next.delete(idOf(event.object));
  else next.set(idOf(event.object), trimmed(event.object));
  return next;
};

/** What is known, by the keys of its sources. */
type Known = ReadonlyMap<string, Objects>;

const objectsOf = (known: Known, plural: string): ReadonlyArray<KubeObject> => {
  const found = new Map<string, KubeObject>();
  for (const [key, objects] of known) {
    if (!key.startsWith(`${plural} `)) continue;
    for (const object of objects.values()) {
      found.set(object.metadata.uid ?? idOf(object), object);
    }
  }
  return [...found.values()];
};

type Followed = Omit<FollowRequest, "onProgress">;

/** For a Gateway elsewhere Envoy Gateway always says in which namespace that is. */
const isMadeFor = (gateways: ReadonlyArray<KubeObject>, { metadata }: KubeObject): boolean =>
  gateways.some(
    (gateway) =>
      gateway.metadata.name === metadata.labels?.[OWNING_GATEWAY_LABEL] &&
      gateway.metadata.namespace === metadata.labels[OWNING_GATEWAY_NAMESPACE_LABEL],
  );

const workloadOf = (
  request: Followed,
  gateways: ReadonlyArray<KubeObject>,
  object: KubeObject,
): ReadonlyArray<Workload> => {
  if (isProxyOf(object, request.dataplaneNamespace) || isMadeFor(gateways, object))
    return [{ group: "data-plane", object }];
  if (isMadeForController(object, request.release.namespace))
    return [{ group: "envoy-gateway", object }];
  return object.metadata.labels?.["app.kubernetes.io/managed-by"] === "Helm" &&
    isOfRelease(object, request.release.name)
    ? [{ group: "release", object }]
    : [];
};

/** The specifications to go by instead of the live ones, under the live objects' names. */
const wantedOr = (
  { release, wanted = [] }: Followed,
  kind: string,
  live: ReadonlyArray<KubeObject>,
): ReadonlyArray<KubeObject> => {
  const { namespace } = release;
  const asked = wanted
    .filter((object) => object.kind === kind)
    .map((object) => ({ ...object, metadata: { namespace, ...object.metadata } }));
  if (asked.length === 0) return live;
  const isAsked = ({ metadata }: KubeObject) =>
    asked.some(
      (one) => one.metadata.name === metadata.name && one.metadata.namespace === metadata.namespace,
    );
  return [...asked, ...live.filter((object) => !isAsked(object))];
};

export const viewOf = (request: Followed, known: Known): RolloutView => {
  const all = ({ plural }: { readonly plural: string }) => objectsOf(known, plural);
  const settings = wantedOr(request, ConfigMap.kind, all(ConfigMap));
  const config = {
    gatewayClasses: all(GatewayClass),
    envoyProxies: wantedOr(request, EnvoyProxy.kind, all(EnvoyProxy)),
    controllerSettings: controllerSettings(
      settings.filter((object) => isOfRelease(object, request.release.name)),
    ),
    release: request.release.name,
  };
  // Elsewhere, Gateways of other controllers do not concern this run.
  const gateways = all(Gateway).filter(
    (gateway) =>
      gateway.metadata.namespace === request.dataplaneNamespace ||
      isKnownAsOurs({ ...config, gateways: [] }, gateway),
  );
  const view: RolloutView = {
    ...config,
    workloads: [
      ...[...all(Deployment), ...all(StatefulSet), ...all(DaemonSet)].flatMap((object) =>
        workloadOf(request, gateways, object),
      ),
      ...all(Job)
        .filter((job) => isHookOf(job, request.release.name))
        .map((object): Workload => ({ group: "hook", object })),
    ],
    replicaSets: all(ReplicaSet),
    pods: all(Pod),
    gateways,
    prior: request.prior,
  };
  const ours = view.workloads.filter(
    ({ group, object }) => group !== "data-plane" || !isForeign(view, object),
  );
  return { ...view, workloads: ours };
};
