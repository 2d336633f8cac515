/** Whose an object is, by its own marks: what Helm, the chart, its controllers and tare put on what they make. */
import { INSTALL_EVENT_LABELS } from "../events/install-event.ts";
import { isOf } from "../events/outbox-entry.ts";
import { IDENTITY_SECRET } from "../identity/identity-secret.ts";
import { PULL_SECRET } from "../install/pull-secret.ts";
import {
  ConfigMap,
  Deployment,
  Gateway,
  type KubeObject,
  Lease,
  type OwnerReference,
  Secret,
} from "../kube/objects.ts";
import { leaseName } from "../lock/lease.ts";
import { gateRecordName } from "../release/gate-record.ts";
import type { ReleaseRef } from "../release/release.ts";
import { isHelms } from "../release/unrecorded.ts";
import { journalName } from "../run/run-journal.ts";
import type { Found, Place } from "./found.ts";

const OWNING_GATEWAY = "gateway.envoyproxy.io/owning-gateway-name";

const labelOf = ({ metadata }: KubeObject, name: string): string | undefined =>
  metadata.labels?.[name];

/** Hooks are the chart's without a mark of Helm's; the volumes of a StatefulSet have no more than its selector's labels. */
const isOfChart = ({ ref, object }: Found, { release }: Place): boolean =>
  labelOf(object, "app.kubernetes.io/instance") === release.name &&
  (labelOf(object, "app.kubernetes.io/part-of") === "tars" ||
    ref.type.plural === "persistentvolumeclaims");

const CONTROLLERS: ReadonlySet<string> = new Set(["envoy-gateway", "envoy-ai-gateway"]);
/** The locks by which they agree on a leader. */
const LEADER_LEASE = /\.gateway\.envoyproxy\.io$|^envoy-ai-gateway/;

/** What others have in a namespace that the release's controllers would make things for, or beside. */
interface Others {
  /** `namespace/name`. */
  readonly gateways: ReadonlySet<string>;
  /** Controllers of the same kind: what is made beside them is anybody's. */
  readonly hasControllers: boolean;
}

const CONTROLLER_NAMES: ReadonlySet<string> = new Set(["gateway-helm", "ai-gateway-helm"]);

const isController = ({ ref, object }: Found): boolean =>
  ref.type.plural === Deployment.plural &&
  (labelOf(object, "control-plane") === "envoy-gateway" ||
    CONTROLLER_NAMES.has(labelOf(object, "app.kubernetes.io/name") ?? ""));

/** Of the release's own controllers: what they make beside themselves, and for a Gateway that is nobody else's. */
const isOfControllers = ({ ref, object }: Found, { release }: Place, others: Others): boolean => {
  const isBeside = ref.namespace === release.namespace && !others.hasControllers;
  if (isBeside && labelOf(object, "control-plane") === "envoy-gateway") return true;
  if (isBeside && ref.type.plural === Lease.plural && LEADER_LEASE.test(ref.name)) return true;
  if (!CONTROLLERS.has(labelOf(object, "app.kubernetes.io/managed-by") ?? "")) return false;
  const gateway = labelOf(object, OWNING_GATEWAY);
  return gateway === undefined ? isBeside : !others.gateways.has(`${ref.namespace}/${gateway}`);
};

/** The lock of a run that writes to the release, and that of its doctor. */
export const leasesOf = ({ name, namespace }: ReleaseRef): ReadonlyArray<string> =>
  [name, `doctor-${name}`].map((lock) => leaseName({ name: lock, namespace }));

/** What a run needs until its end: it goes last. */
export const isOfRun = ({ ref }: Found, release: ReleaseRef): boolean =>
  ref.namespace === release.namespace &&
  (ref.type.plural === Lease.plural
    ? leasesOf(release).includes(ref.name)
    : ref.type.plural === ConfigMap.plural && ref.name === journalName(release));

/** An event of the release on its way to the management plane. */
export const isEvent = ({ ref, object }: Found, release: ReleaseRef): boolean =>
  ref.type.plural === ConfigMap.plural &&
  ref.namespace === release.namespace &&
  Object.entries(INSTALL_EVENT_LABELS).every(([key, value]) => labelOf(object, key) === value) &&
  isOf(release)(object);

/** What tare itself wrote for the release. */
const isRecord = (found: Found, place: Place): boolean => {
  const { ref, object } = found;
  const { release } = place;
  if (isOfRun(found, release) || isEvent(found, release)) return true;
  const isInRelease = ref.namespace === release.namespace;
  if (ref.type.plural === Secret.plural) {
    const isPull =
      ref.name === PULL_SECRET && labelOf(object, "app.kubernetes.io/managed-by") === "tare";
    return isPull || (isInRelease && ref.name === IDENTITY_SECRET);
  }
  if (ref.type.plural === ConfigMap.plural && isInRelease) {
    if (ref.name === gateRecordName(release)) return true;
  }
  return (
    labelOf(object, "tars.io/component") !== undefined &&
    labelOf(object, "tars.io/release") === release.name
  );
};

/** Helm's record of a revision. */
const isHelmRecord = ({ ref, object }: Found, release: ReleaseRef): boolean =>
  ref.namespace === release.namespace &&
  labelOf(object, "owner") === "helm" &&
  labelOf(object, "name") === release.name;

const OF_EVERY_NAMESPACE: ReadonlySet<string> = new Set([
  "configmaps/kube-root-ca.crt",
  "configmaps/openshift-service-ca.crt",
  "configmaps/istio-ca-root-cert",
  "serviceaccounts/default",
  "serviceaccounts/builder",
  "serviceaccounts/deployer",
]);
/** They tell of other objects, and go with them. */
const OF_OTHERS: ReadonlySet<string> = new Set([
  "events",
  "endpoints",
  "endpointslices",
  "leases",
  "controllerrevisions",
]);

/** What Kubernetes keeps in a namespace by itself. */
const isKubernetes = ({ ref, object }: Found): boolean =>
  OF_OTHERS.has(ref.type.plural) ||
  OF_EVERY_NAMESPACE.has(`${ref.type.plural}/${ref.name}`) ||
  // Read and never stored, as the metrics of a pod are.
  object.metadata.uid === undefined ||
  object.metadata.annotations?.["kubernetes.io/service-account.name"] === "default";

/** As far as its own marks tell. */
const marksOf = (found: Found, place: Place, others: Others): "ours" | "kubernetes" | undefined => {
  const { release } = place;
  const isOurs =
    isHelms(found.object, release) ||
    isHelmRecord(found, release) ||
    isRecord(found, place) ||
    isOfChart(found, place) ||
    isOfControllers(found, place, others);
  if (isOurs) return "ours";
  return isKubernetes(found) ? "kubernetes" : undefined;
};

interface Contents {
  /** Of the release, of its controllers, and tare's records of it. */
  readonly ours: ReadonlyArray<Found>;
  /** Somebody else's, without what belongs to one of them. */
  readonly foreign: ReadonlyArray<Found>;
}

const ownersOf = ({ object }: Found): ReadonlyArray<OwnerReference> =>
  object.metadata.ownerReferences ?? [];

const typeWord = ({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): string =>
  `${apiVersion.split("/").slice(0, -1).join("/")}/${kind}`;

/**
 * Sorts what is in a namespace. What has an owner is its owner's; one whose owner has gone is on its way, as soon as the
 * garbage collector comes by.
 *
 * @param objects all there are in the namespace
 */
export const contentsOf = (objects: ReadonlyArray<Found>, place: Place): Contents => {
  const { release } = place;
  const isGatewayOfOthers = ({ ref, object }: Found) =>
    ref.type.group === Gateway.group &&
    ref.type.plural === Gateway.plural &&
    !isHelms(object, release);
  const others: Others = {
    gateways: new Set(
      objects.filter(isGatewayOfOthers).map(({ ref }) => `${ref.namespace}/${ref.name}`),
    ),
    hasControllers: objects.some((found) => isController(found) && !isHelms(found.object, release)),
  };
  const byUid = new Map(objects.map((found) => [found.object.metadata.uid, found]));
  const scanned = new Set(objects.map(({ object }) => typeWord(object)));

  /** `depth` ends a circle of owners, which nothing forbids. */
  const isForeign = (found: Found, depth = 0): boolean => {
    const marks = marksOf(found, place, others);
    if (marks !== undefined) return false;
    const owners = ownersOf(found);
    if (owners.length === 0 || depth > 8) return true;
    return owners.some((owner) => {
      const there = byUid.get(owner.uid);
      if (there !== undefined) return isForeign(there, depth + 1);
      // Of a kind that is not in the namespace it may be anywhere.
      return !scanned.has(typeWord(owner)) && !BY_NAMESPACE.has(typeWord(owner));
    });
  };
  const isOwned = (found: Found) => ownersOf(found).some(({ uid }) => byUid.has(uid));
  const ours = objects.filter(
    (found) => marksOf(found, place, others) === "ours" && !hasForeignOwner(found),
  );
  function hasForeignOwner(found: Found): boolean {
    return ownersOf(found).some(({ uid }) => {
      const there = byUid.get(uid);
      return there !== undefined && isForeign(there);
    });
  }
  return { ours, foreign: objects.filter((found) => isForeign(found) && !isOwned(found)) };
};

/** Kinds whose owner is in the same namespace for certain, and gone when it is not found there. */
const BY_NAMESPACE: ReadonlySet<string> = new Set([
  "apps/Deployment",
  "apps/ReplicaSet",
  "apps/StatefulSet",
  "apps/DaemonSet",
  "batch/Job",
  "batch/CronJob",
  "/Service",
  `${Gateway.group}/${Gateway.kind}`,
]);
