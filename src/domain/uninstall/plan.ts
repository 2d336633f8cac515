/** What an uninstallation deletes and what it leaves, decided from what was found. */
import type { LiveCrd } from "../crds/plan.ts";
import { GatewayClass, type KubeObject, type ObjectRef, stringAt } from "../kube/objects.ts";
import { chartVersion, type History, lastRevision, type ReleaseRef } from "../release/release.ts";
import { isHelms } from "../release/unrecorded.ts";
import { type CrdVerdict, crdVerdict, type OtherClass } from "./crds.ts";
import { type Found, isCustom, isCustomGroup, isOfRelease, type Place } from "./found.ts";
import { type NamespaceVerdict, namespaceVerdict } from "./namespaces.ts";
import { contentsOf, isEvent, isOfRun } from "./ownership.ts";
import { type User, usersOf } from "./users.ts";

export interface FoundNamespace {
  readonly name: string;
  /** `undefined` where there is none. */
  readonly live: KubeObject | undefined;
  /** Everything in it. */
  readonly objects: ReadonlyArray<Found>;
}

/** Everything on the cluster that has to do with the release, or could. */
export interface Inventory {
  /** Of all namespaces, whole. */
  readonly customResources: ReadonlyArray<Found>;
  /** What Helm or tare marked for this release, of all namespaces and of none; neither custom resources nor namespaces. */
  readonly marked: ReadonlyArray<Found>;
  readonly namespaces: ReadonlyArray<FoundNamespace>;
  readonly crds: ReadonlyArray<LiveCrd>;
  /** The lock on the CRDs, which is the last to go: of no use where there is no release beside this one. */
  readonly crdsLock: ReadonlyArray<Found>;
  /** Releases beside this one that bring the same CRDs. */
  readonly elsewhere: ReadonlyArray<ReleaseRef>;
}

interface UninstallChoices extends Place {
  readonly keepCrds: boolean;
  readonly keepNamespaces: boolean;
  readonly deleteSharedCrds: boolean;
}

export interface UninstallPlan {
  readonly release: ReleaseRef;
  readonly dataplaneNamespace: string;
  /** The newest one; `undefined` where Helm has no record of the release. */
  readonly revision: { readonly revision: number; readonly version: string } | undefined;
  readonly customResources: ReadonlyArray<ObjectRef>;
  /** Whatever else is of the release, of its controllers or of tare, but namespaces and CRDs. */
  readonly objects: ReadonlyArray<ObjectRef>;
  readonly namespaces: ReadonlyArray<{ readonly name: string; readonly verdict: NamespaceVerdict }>;
  readonly crds: ReadonlyArray<{ readonly name: string; readonly verdict: CrdVerdict }>;
  readonly users: ReadonlyArray<User>;
}

const keyOf = ({ type: { group, plural }, namespace = "", name }: ObjectRef): string =>
  [group, plural, namespace, name].join("/");

const once = (found: ReadonlyArray<Found>): ReadonlyArray<Found> => [
  ...new Map(found.map((one) => [keyOf(one.ref), one])).values(),
];

/** The release's own, and what its controllers made of them. */
export const ownCustomResources = (
  customResources: ReadonlyArray<Found>,
  place: Place,
): ReadonlyArray<Found> => {
  const own = customResources.filter((found) => isOfRelease(found, place));
  const uids = new Set(own.map(({ object }) => object.metadata.uid));
  const made = customResources.filter(({ object }) =>
    (object.metadata.ownerReferences ?? []).some(({ uid }) => uids.has(uid)),
  );
  return once([...own, ...made]);
};

/** Whatever else is the release's: those in its namespaces, and those that Helm marked elsewhere. */
const ownObjects = (
  { marked, namespaces }: Pick<Inventory, "marked" | "namespaces">,
  place: Place,
): ReadonlyArray<Found> =>
  once([...marked, ...namespaces.flatMap(({ objects }) => contentsOf(objects, place).ours)]).filter(
    ({ ref }) => !isCustom(ref.type),
  );

const otherClasses = (
  customResources: ReadonlyArray<Found>,
  release: ReleaseRef,
): ReadonlyArray<OtherClass> =>
  customResources
    .filter(
      ({ ref, object }) => ref.type.plural === GatewayClass.plural && !isHelms(object, release),
    )
    .map(({ ref, object }) => ({
      name: ref.name,
      controller: stringAt(object, "spec", "controllerName") ?? "",
    }));

const groupOf = (crd: string): string => crd.slice(crd.indexOf(".") + 1);

/** @param waiting how many events the management plane has not taken; 0 where that is not known yet */
export const namespacePlan = (
  namespaces: ReadonlyArray<FoundNamespace>,
  { release, dataplaneNamespace, keepNamespaces: keep }: UninstallChoices,
  waiting: number,
): UninstallPlan["namespaces"] =>
  namespaces.map(({ name, live, objects }) => ({
    name,
    verdict: namespaceVerdict({
      live,
      release,
      foreign: contentsOf(objects, { release, dataplaneNamespace }).foreign.map(({ ref }) => ref),
      waiting: name === release.namespace ? waiting : 0,
      keep,
    }),
  }));

export const crdPlan = (
  { crds, customResources, elsewhere }: Pick<Inventory, "crds" | "customResources" | "elsewhere">,
  { release, dataplaneNamespace, keepCrds: keep, deleteSharedCrds: deleteShared }: UninstallChoices,
): UninstallPlan["crds"] => {
  const place = { release, dataplaneNamespace };
  const own = new Set(ownCustomResources(customResources, place).map(({ ref }) => keyOf(ref)));
  const others = customResources.filter(({ ref }) => !own.has(keyOf(ref)));
  const classes = otherClasses(customResources, release);
  return crds
    .filter(({ metadata }) => isCustomGroup(groupOf(metadata.name)))
    .map((crd) => {
      const { name } = crd.metadata;
      const objects = others
        .map(({ ref }) => ref)
        .filter(({ type: { group, plural } }) => `${plural}.${group}` === name);
      const uses = { objects, classes, releases: elsewhere };
      return {
        name,
        verdict: crdVerdict({ group: groupOf(name), crd, ...uses, keep, deleteShared }),
      };
    });
};

export const uninstallPlan = (
  inventory: Inventory,
  history: History,
  choices: UninstallChoices,
): UninstallPlan => {
  const { release, dataplaneNamespace } = choices;
  const last = lastRevision(history);
  return {
    release,
    dataplaneNamespace,
    revision:
      last === undefined ? undefined : { revision: last.revision, version: chartVersion(last) },
    customResources: ownCustomResources(inventory.customResources, choices).map(({ ref }) => ref),
    objects: [
      ...ownObjects(inventory, choices),
      ...(inventory.elsewhere.length === 0 ? inventory.crdsLock : []),
    ].map(({ ref }) => ref),
    namespaces: namespacePlan(inventory.namespaces, choices, 0),
    crds: crdPlan(inventory, choices),
    users: usersOf(inventory.customResources, choices),
  };
};

export const isNothing = ({
  revision,
  customResources,
  objects,
  namespaces,
  crds,
}: UninstallPlan): boolean =>
  revision === undefined &&
  customResources.length === 0 &&
  objects.length === 0 &&
  !namespaces.some(({ verdict }) => verdict._tag === "Delete" || verdict._tag === "Going") &&
  !crds.some(({ verdict }) => verdict._tag === "Delete");

/** What goes with the namespaces, or is deleted where they stay: neither events nor what the run still needs. */
export const leftovers = (
  inventory: Pick<Inventory, "marked" | "namespaces">,
  place: Place,
): ReadonlyArray<Found> =>
  ownObjects(inventory, place).filter(
    (found) => !isOfRun(found, place.release) && !isEvent(found, place.release),
  );
