/** Whose a CRD is: which field managers may be overruled, and which platforms keep CRDs of their own. */

import {
  getPath,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonPath,
  jsonEquals,
} from "../kube/json.ts";
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from "../kube/objects.ts";
import type { CrdManifest } from "./plan.ts";
import type { OwnershipConflict } from "./refusal.ts";

/** They wrote what an installation wrote, by hand or through us: their fields are taken over. */
const OURS_TO_TAKE = /^(?:helm|kubectl(?:-.*)?|tare(?:-.*)?|before-first-apply)$/i;

export const mayTakeFrom = (manager: string): boolean => OURS_TO_TAKE.test(manager);

/** Paths of `fieldsV1` (`f:spec` holds `f:versions`); keys of list entries are no paths of ours. */
const ownedPaths = (fields: JsonObject, prefix: JsonPath = []): ReadonlyArray<JsonPath> =>
  Object.entries(fields).flatMap(([key, beneath]) => {
    if (!key.startsWith("f:")) return [];
    const path = [...prefix, key.slice(2)];
    const children = isJsonObject(beneath) ? ownedPaths(beneath, path) : [];
    return children.length > 0 ? children : [path];
  });

const writers = ({ managedFields = [] }: ObjectMeta): ReadonlyArray<ManagedFieldsEntry> =>
  managedFields.filter(({ subresource }) => subresource === undefined || subresource === "");

/** Fields that an unknown manager owns, and that our manifest would change. */
export const unknownOwners = (
  manifest: CrdManifest,
  live: KubeObject,
): ReadonlyArray<OwnershipConflict> => {
  const ours = manifest.object as unknown as Json;
  const theirs = live as unknown as Json;
  return writers(live.metadata).flatMap(({ manager = "", fieldsV1 }) => {
    if (mayTakeFrom(manager) || !isJsonObject(fieldsV1)) return [];
    const fields = ownedPaths(fieldsV1)
      .filter((path) => {
        const wanted = getPath(ours, path);
        return wanted !== undefined && !jsonEquals(wanted, getPath(theirs, path));
      })
      .map((path) => `.${path.join(".")}`);
    return fields.length === 0 ? [] : [{ manager, fields }];
  });
};

interface Platform {
  readonly name: string;
  readonly labels?: ReadonlyArray<string>;
  /** Beginnings of annotation keys. */
  readonly annotations?: ReadonlyArray<string>;
  readonly managers?: ReadonlyArray<RegExp>;
}

const PLATFORMS: ReadonlyArray<Platform> = [
  {
    name: "GKE",
    labels: ["addonmanager.kubernetes.io/mode"],
    annotations: ["components.gke.io/"],
    managers: [/^(?:gke|gke-.*|kube-addon-manager)$/],
  },
  {
    name: "OpenShift",
    annotations: ["release.openshift.io/", "include.release.openshift.io/"],
    managers: [/^(?:ingress-operator|cluster-version-operator|openshift-.*)$/],
  },
  {
    name: "AKS",
    labels: ["kubernetes.azure.com/managedby"],
    managers: [/^(?:aks|aks-.*)$/],
  },
];

/** The platform that keeps this CRD, and would put it back after any change of ours. */
export const platformOf = (metadata: ObjectMeta): string | undefined => {
  const [labels, annotations] = [metadata.labels ?? {}, metadata.annotations ?? {}].map(
    Object.keys,
  );
  return PLATFORMS.find(
    (platform) =>
      platform.labels?.some((label) => labels?.includes(label)) ||
      platform.annotations?.some((start) => annotations?.some((key) => key.startsWith(start))) ||
      platform.managers?.some((pattern) =>
        writers(metadata).some(({ manager = "" }) => pattern.test(manager)),
      ),
  )?.name;
};
