/** Versions that stop being served, and who still names them. */

import type { KubeObject } from "../kube/objects.ts";
import type { ReleaseRef } from "../release/release.ts";
import { type CrdRefusal, type ManifestUser, namesOf, type VersionUser } from "./refusal.ts";
import { type CrdView, servedVersions } from "./view.ts";

export const withdrawnVersions = (live: CrdView, next: CrdView): ReadonlyArray<string> =>
  servedVersions(live).filter((version) => !servedVersions(next).includes(version));

/** Status is left out: controllers write it, and they are replaced together with the CRDs. */
export const versionUsers = (
  { group }: CrdView,
  withdrawn: ReadonlyArray<string>,
  objects: ReadonlyArray<KubeObject>,
): ReadonlyArray<VersionUser> =>
  objects.flatMap(({ metadata: { name, namespace, managedFields = [] } }) =>
    managedFields.flatMap(({ manager = "?", apiVersion, subresource }) => {
      const version = withdrawn.find((one) => apiVersion === `${group}/${one}`);
      return version === undefined || (subresource ?? "") !== ""
        ? []
        : [{ version, name, namespace, manager }];
    }),
  );

/** What a Helm release was rendered to: Helm reads it again at the next upgrade or rollback. */
export interface StoredManifest {
  readonly release: ReleaseRef;
  readonly revision: number;
  readonly manifest: string;
}

const field = (document: string, key: string): string | undefined =>
  new RegExp(`^["']?${key}["']?:[ \\t]*["']?([^\\s"'#]+)`, "m").exec(document)?.[1];

export const manifestUsers = (
  { group, kind }: CrdView,
  withdrawn: ReadonlyArray<string>,
  manifests: ReadonlyArray<StoredManifest>,
): ReadonlyArray<ManifestUser> =>
  manifests.flatMap(({ release, manifest }) => {
    const documents = manifest.split(/^---/m).filter((text) => field(text, "kind") === kind);
    const version = withdrawn.find((one) =>
      documents.some((text) => field(text, "apiVersion") === `${group}/${one}`),
    );
    return version === undefined ? [] : [{ version, release }];
  });

export const withdrawalRefusal = (
  live: CrdView,
  next: CrdView,
  objects: ReadonlyArray<VersionUser>,
  manifests: ReadonlyArray<ManifestUser>,
): CrdRefusal => ({
  _tag: "ServedVersionWithdrawn",
  crd: live.name,
  live: namesOf(live),
  instead: servedVersions(next).at(-1) ?? "",
  objects,
  manifests,
});
