/** What can be read off a cluster afterwards, by eyes of our own: nothing here asks the code that is tested. */

import { Option, Schema } from "effect";
import { InstallEvent } from "../../src/domain/events/install-event.ts";
import {
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  EnvoyProxy,
  fieldAt,
  type KubeObject,
  Lease,
  numberAt,
  ReplicaSet,
  type ResourceType,
  Secret,
  stringAt,
} from "../../src/domain/kube/objects.ts";
import { leaseState } from "../../src/domain/lock/lease.ts";
import { listed, type Store } from "../fakes/cluster/store.ts";
import { goalOf, isOwnedBy } from "../fakes/controllers/deployment-objects.ts";
import { ascending, manifestObjects, type ReleaseRecord, recordOf } from "../fakes/helm/records.ts";
import { unrewritten } from "./world/others.ts";

const all = (store: Store, type: ResourceType): ReadonlyArray<KubeObject> =>
  listed(store, type, undefined);

/** Helm's records in ascending order. */
export const recordsIn = (store: Store): ReadonlyArray<ReleaseRecord> =>
  ascending(
    [...all(store, Secret), ...all(store, ConfigMap)]
      .filter(({ metadata }) => metadata.labels?.owner === "helm")
      // One that is damaged says nothing.
      .filter((object) => stringAt(object, "data", "release") !== "")
      .map(recordOf),
  );

export const historyText = (records: ReadonlyArray<ReleaseRecord>): string =>
  records.map(({ version, info }) => `${version} ${info.status} ${info.description}`).join(" | ");

const decodeEvent = Schema.decodeUnknownOption(Schema.fromJsonString(InstallEvent));

export const eventsIn = (store: Store): ReadonlyArray<InstallEvent> =>
  all(store, ConfigMap)
    .filter(({ metadata }) => metadata.labels?.["tars.io/component"] === "install-event")
    .flatMap((object) => Option.toArray(decodeEvent(stringAt(object, "data", "event.json"))));

const GateState = Schema.fromJsonString(Schema.Struct({ state: Schema.String }));
const decodeGate = Schema.decodeUnknownOption(GateState);

/** What the cluster remembers of the data plane of a revision. */
export const gateIn = (store: Store, revision: number): string | undefined => {
  const record = all(store, ConfigMap).find(({ metadata }) => metadata.name === "tare-gate-tars");
  return Option.getOrUndefined(decodeGate(stringAt(record, "data", String(revision))))?.state;
};

/** Name and text of every CRD, without what the server counts. */
export const crdsIn = (store: Store): ReadonlyMap<string, string> =>
  new Map(
    all(store, CustomResourceDefinition).map((crd) => [
      crd.metadata.name,
      JSON.stringify([crd.metadata.uid, crd.metadata.generation, crd.metadata.annotations]),
    ]),
  );

export const isEstablished = (store: Store, name: string): boolean =>
  all(store, CustomResourceDefinition).some(
    (crd) =>
      crd.metadata.name === name &&
      JSON.stringify(fieldAt(crd, "status", "conditions") ?? []).includes(
        '"type":"Established","status":"True"',
      ),
  );

/** Whoever holds a lock now, by the lock's name: the process's user, which is its name here. */
export const holdersIn = (store: Store): ReadonlyMap<string, string> =>
  new Map(
    all(store, Lease).flatMap((lease) => {
      const holder = leaseState(lease)?.process?.user ?? "";
      return holder === "" ? [] : [[lease.metadata.name, holder] as const];
    }),
  );

const images = (object: unknown, ...path: ReadonlyArray<string>): string =>
  unrewritten(
    JSON.stringify(fieldAt(object, ...path, "spec", "template", "spec", "containers") ?? null),
  );

const imageOf = (workload: KubeObject): string =>
  unrewritten(
    stringAt(workload, "spec", "template", "spec", "containers", 0, "image") ?? "nothing",
  );

const templateOf = (object: KubeObject): string =>
  unrewritten(JSON.stringify(fieldAt(object, "spec", "template")));

/**
 * Counted by their ReplicaSets, not by what the Deployment says of itself: it may not have been looked at since its scale was
 * given back, and a policy makes new pods of the same template whenever somebody writes it.
 * @param enough how many pods must run, and be ready
 */
const readiness = (store: Store, deployment: KubeObject, enough: number): string | undefined => {
  const ready = all(store, ReplicaSet)
    .filter((set) => isOwnedBy(set, deployment) && templateOf(set) === templateOf(deployment))
    .reduce((sum, set) => sum + (numberAt(set, "status", "readyReplicas") ?? 0), 0);
  return ready >= enough
    ? undefined
    : `${deployment.metadata.name}: ${ready} pods are ready, not ${enough}`;
};

const desiredOf = (deployment: KubeObject): number => numberAt(deployment, "spec", "replicas") ?? 1;

/** Replicas beyond the manifest's are given back when Helm is done, and come up in their own time. */
const enoughFor = (manifest: KubeObject): number => {
  const { desired, maxUnavailable } = goalOf(manifest);
  return desired - maxUnavailable;
};

const FLOOR = ["spec", "provider", "kubernetes", "envoyHpa", "minReplicas"];

/** Likewise, for what the controller makes from the settings in the manifest. */
const enoughOf = (deployment: KubeObject, wanted: ReadonlyArray<KubeObject>): number =>
  Math.min(desiredOf(deployment), ...wanted.flatMap((object) => numberAt(object, ...FLOOR) ?? []));

const sameName = (one: KubeObject) => (other: KubeObject) =>
  one.kind === other.kind &&
  one.metadata.name === other.metadata.name &&
  (one.metadata.namespace ?? "") === (other.metadata.namespace ?? "");

const PROXY_IMAGE = ["spec", "provider", "kubernetes", "envoyDeployment", "container", "image"];
const DRAIN = ["spec", "shutdown", "drainTimeout"];

const LIMITER_IMAGE = /"rateLimitDeployment":\{.*?"image":"([^"]+)"/;

const limiterImage = (wanted: ReadonlyArray<KubeObject>): string | undefined =>
  wanted
    .map((object) => LIMITER_IMAGE.exec(stringAt(object, "data", "envoy-gateway.yaml") ?? "")?.[1])
    .find((one) => one !== undefined);

const wrongLimiter = (
  store: Store,
  limiter: KubeObject | undefined,
  image: string | undefined,
): ReadonlyArray<string> => {
  if (image === undefined) return [];
  if (limiter === undefined) return ["there is no rate limiter"];
  const runs = imageOf(limiter);
  if (runs !== image) return [`the rate limiter runs ${runs}, not ${image}`];
  const problem = readiness(store, limiter, desiredOf(limiter));
  return problem === undefined ? [] : [problem];
};

/** What of a revision does not run: its own workloads, its EnvoyProxy, and the data plane made from that. */
export const notRunning = (store: Store, record: ReleaseRecord): ReadonlyArray<string> => {
  const wanted = manifestObjects(record);
  const live = [...all(store, Deployment), ...all(store, EnvoyProxy), ...all(store, ConfigMap)];
  const problems = wanted.flatMap((object) => {
    const found = live.find(sameName(object));
    switch (object.kind) {
      case "Deployment": {
        if (found === undefined) return [`${object.metadata.name} is not there`];
        if (images(found) !== images(object)) return [`${object.metadata.name} runs other images`];
        return readiness(store, found, enoughFor(object)) ?? [];
      }
      case "ConfigMap":
        return JSON.stringify(fieldAt(found, "data")) === JSON.stringify(fieldAt(object, "data"))
          ? []
          : [`ConfigMap ${object.metadata.name} differs`];
      case "EnvoyProxy":
        return [PROXY_IMAGE, DRAIN]
          .filter((path) => fieldAt(found, ...path) !== fieldAt(object, ...path))
          .map((path) => `EnvoyProxy ${path.join(".")} is ${String(fieldAt(found, ...path))}`);
      default:
        return [];
    }
  });
  const image = wanted.map((object) => fieldAt(object, ...PROXY_IMAGE)).find((one) => one);
  const made = all(store, Deployment).filter(
    ({ metadata }) => metadata.labels?.["app.kubernetes.io/managed-by"] === "envoy-gateway",
  );
  const isLimiter = ({ metadata }: KubeObject) => metadata.name === "envoy-ratelimit";
  const dataPlane = made.filter((one) => !isLimiter(one));
  const stale = dataPlane.flatMap((deployment) => {
    const runs = imageOf(deployment);
    if (image !== undefined && runs !== image) return [`data plane runs ${runs}, not ${image}`];
    return readiness(store, deployment, enoughOf(deployment, wanted)) ?? [];
  });
  const limiterProblems = wrongLimiter(store, made.find(isLimiter), limiterImage(wanted));
  return [
    ...problems,
    ...stale,
    ...limiterProblems,
    ...(dataPlane.length === 0 ? ["there is no data plane"] : []),
  ];
};
