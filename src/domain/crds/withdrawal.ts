/** Versions that stop being served, and who still names them. */

import { type CommandLine, helm, kubectl } from "../hints/hint.ts";
import type { KubeObject } from "../kube/objects.ts";
import type { ReleaseRef } from "../release/release.ts";
import type { CrdRefusal } from "./refusal.ts";
import { type CrdView, resourceWord, servedVersions } from "./view.ts";

export const withdrawnVersions = (live: CrdView, next: CrdView): ReadonlyArray<string> =>
  servedVersions(live).filter((version) => !servedVersions(next).includes(version));

/** A live object whose manager writes it in a withdrawn version, and will again. */
interface VersionUser {
  readonly version: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly manager: string;
}

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

interface ManifestUser {
  readonly version: string;
  readonly release: ReleaseRef;
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

const LISTED = 5;

const listed = (items: ReadonlyArray<string>): string =>
  [
    ...items.slice(0, LISTED),
    ...(items.length > LISTED ? [`${items.length - LISTED} more`] : []),
  ].join(", ");

const forget = (live: CrdView, instead: string, { name, namespace }: VersionUser): CommandLine =>
  kubectl(
    "patch",
    resourceWord(live, instead),
    name,
    ...(namespace === undefined ? [] : ["-n", namespace]),
    "--type=json",
    "-p",
    JSON.stringify([{ op: "replace", path: "/metadata/managedFields", value: [{}] }]),
  );

export const withdrawalRefusal = (
  live: CrdView,
  next: CrdView,
  objects: ReadonlyArray<VersionUser>,
  manifests: ReadonlyArray<ManifestUser>,
): CrdRefusal => {
  const versions = [...new Set([...objects, ...manifests].map(({ version }) => version))];
  const instead = servedVersions(next).at(-1) ?? "";
  const users = [
    ...(objects.length === 0
      ? []
      : [
          `objects are written in it: ${listed(
            objects.map(
              ({ name, namespace, manager }) =>
                `${namespace === undefined ? name : `${namespace}/${name}`} by ${manager}`,
            ),
          )}`,
        ]),
    ...(manifests.length === 0
      ? []
      : [
          `Helm releases hold it: ${listed(
            manifests.map(({ release }) => `${release.name} in ${release.namespace}`),
          )}`,
        ]),
  ];
  return {
    kind: "ServedVersionWithdrawn",
    crd: live.name,
    reason: `version ${versions.join(", ")} would no longer be served, and ${users.join("; ")}`,
    remedy: {
      title: `Move their manifests to ${next.group}/${instead}${manifests.length > 0 ? ", upgrade these releases with it" : ""}${objects.length > 0 ? ", then forget who wrote in the old version" : ""}:`,
      commands: [
        ...manifests
          .slice(0, LISTED)
          .map(({ release }) => helm("get", "manifest", release.name, "-n", release.namespace)),
        ...objects.slice(0, LISTED).map((user) => forget(live, instead, user)),
      ],
    },
  };
};
