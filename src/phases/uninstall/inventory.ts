/** Reads everything on the cluster that has to do with the release: what is asked for by kind, every kind that is served. */
import { Effect, Option } from "effect";
import { policyName } from "../../domain/hold/names.ts";
import { AdmissionPolicy, AdmissionPolicyBinding } from "../../domain/hold/objects.ts";
import {
  CustomResourceDefinition,
  type KubeObject,
  Lease,
  Namespace,
  type ResourceType,
  refOf,
} from "../../domain/kube/objects.ts";
import { CRDS_LOCK, leaseName } from "../../domain/lock/lease.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import {
  type Found,
  isCustom,
  isOfRelease,
  namespacesOf,
  type Place,
} from "../../domain/uninstall/found.ts";
import type { FoundNamespace, Inventory } from "../../domain/uninstall/plan.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { Kubectl, type ListQuery } from "../../services/kube/Kubectl.ts";
import { readCrds } from "../crds/apply-crds.ts";
import { untilAnswered } from "../helm/attempt.ts";
import { releasesElsewhere } from "../release/requirements.ts";

const AT_ONCE = 12;

/** Answered from what others measure; nothing of it is kept. */
const VIRTUAL_GROUPS = /(?:^|\.)metrics\.k8s\.io$/;

/** A kind in one of its versions: its objects are the same in all. */
const oneVersionEach = (types: ReadonlyArray<ResourceType>): ReadonlyArray<ResourceType> => [
  ...new Map(
    types.toReversed().map((type) => [`${type.plural}.${type.group}`, type] as const),
  ).values(),
];

/** Kinds that can only be created, as reviews, or that are served no more have no objects. */
const listOf = Effect.fnUntraced(function* (query: ListQuery) {
  const kubectl = yield* Kubectl;
  const objects = yield* kubectl.list(query).pipe(
    Effect.catchIf(
      ({ reason }) => reason === "NotServed" || reason === "Rejected",
      () => Effect.succeed<ReadonlyArray<KubeObject>>([]),
    ),
  );
  return objects.map((object): Found => ({ ref: refOf(query.type, object), object }));
});

const listAll = (queries: ReadonlyArray<ListQuery>) =>
  Effect.map(Effect.forEach(queries, listOf, { concurrency: AT_ONCE }), (found) => found.flat());

export const readTypes = Effect.gen(function* () {
  const kubectl = yield* Kubectl;
  const types = yield* untilAnswered(kubectl.resources);
  return oneVersionEach(types).filter(({ group }) => !VIRTUAL_GROUPS.test(group));
});

/** An account that cannot read it cannot delete it either: it is taken for one of somebody else's. */
const UNREADABLE = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: Namespace.kind,
  metadata: { name },
});

const readNamespace = Effect.fnUntraced(function* (
  name: string,
  types: ReadonlyArray<ResourceType>,
) {
  const kubectl = yield* Kubectl;
  const live = yield* untilAnswered(
    kubectl.get({ type: Namespace, name }).pipe(
      Effect.map(Option.getOrUndefined),
      Effect.catchIf(
        ({ reason }) => reason === "Forbidden",
        () => Effect.succeed(UNREADABLE(name)),
      ),
    ),
  );
  const objects = yield* listAll(
    types.map((type) => ({ type, namespace: name, metadataOnly: true })),
  );
  return { name, live, objects } satisfies FoundNamespace as FoundNamespace;
});

export const readCustomResources = (types: ReadonlyArray<ResourceType>) =>
  listAll(types.filter(isCustom).map((type) => ({ type })));

/** The namespaces of the release, with everything in them. */
export const readNamespaces = (place: Place, types: ReadonlyArray<ResourceType>) => {
  const inNamespaces = types.filter(({ namespaced }) => namespaced);
  return Effect.forEach(namespacesOf(place), (name) => readNamespace(name, inNamespaces));
};

const MARKED = "app.kubernetes.io/managed-by=Helm";

/** What held proxies in an upgrade stays for the next one. */
const readHold = Effect.fnUntraced(function* (place: Place) {
  const found = yield* listAll(
    [AdmissionPolicyBinding, AdmissionPolicy].map((type) => ({ type, metadataOnly: true })),
  );
  return found.filter(({ ref }) => ref.name === policyName(place.release));
});

/** What is marked as the release's, wherever it is; custom resources and namespaces are none of it. */
export const readMarked = Effect.fnUntraced(function* (
  place: Place,
  types: ReadonlyArray<ResourceType>,
) {
  const kinds = types.filter(
    (type) =>
      !isCustom(type) &&
      type.kind !== Namespace.kind &&
      type.plural !== CustomResourceDefinition.plural,
  );
  const found = yield* listAll(
    kinds.map((type) => ({ type, labelSelector: MARKED, metadataOnly: true })),
  );
  const marked = found.filter((one) => isOfRelease(one, place));
  return [...marked, ...(yield* readHold(place))];
});

const CRDS_LEASE = {
  type: Lease,
  name: leaseName(CRDS_LOCK),
  namespace: CRDS_LOCK.namespace,
};

/** An account that may not look at it will not delete it. */
const readCrdsLock = Effect.gen(function* () {
  const kubectl = yield* Kubectl;
  const lease = yield* Effect.catchIf(
    kubectl.get(CRDS_LEASE),
    ({ reason }) => reason === "Forbidden",
    () => Effect.succeedNone,
  );
  return Option.isNone(lease) ? [] : [{ ref: CRDS_LEASE, object: lease.value }];
});

/** Of the projects whose kinds the chart brings along. */
const SAME_CRDS = /^(?:ai-gateway|ai-gateway-crds|gateway|gateway-crds)-helm-v?\d/;

/** TARS and others that bring the same CRDs; a Helm that cannot tell is an error: they would be taken for unused. */
export const readElsewhere = Effect.fnUntraced(function* (release: ReleaseRef) {
  const helm = yield* Helm;
  const [all, tars] = yield* Effect.all([helm.releases, releasesElsewhere(release)]);
  const others = all.filter(({ chart }) => SAME_CRDS.test(chart));
  return [...tars, ...others.map(({ name, namespace }) => ({ name, namespace }))];
});

export const readInventory = Effect.fn("tare.read.inventory")(function* (place: Place) {
  const types = yield* readTypes;
  const inventory: Inventory = yield* Effect.all(
    {
      customResources: readCustomResources(types),
      marked: readMarked(place, types),
      namespaces: readNamespaces(place, types),
      crds: readCrds,
      crdsLock: readCrdsLock,
      elsewhere: readElsewhere(place.release),
    },
    { concurrency: "unbounded" },
  );
  return inventory;
});
