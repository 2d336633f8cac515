/** A release that Helm has no record of can run all the same: rendered by others, or with its records lost. */
import { type KubeObject, stringAt } from "../kube/objects.ts";
import type { ReleaseRef } from "./release.ts";

export type Keeper =
  | { readonly _tag: "ArgoCd"; readonly application: string | undefined }
  | {
      readonly _tag: "Flux";
      readonly kind: "HelmRelease" | "Kustomization";
      readonly name: string;
      readonly namespace: string | undefined;
    }
  /** Helm made it, and its records are gone. */
  | { readonly _tag: "LostRecords" }
  /** A field manager, as the API server knows it. */
  | { readonly _tag: "Applied"; readonly by: string | undefined };

export type Unrecorded =
  /** Its records are there, and kept in what `HELM_DRIVER` does not say. */
  | { readonly _tag: "OtherStorage"; readonly driver: "configmap" | "secret" }
  | {
      readonly _tag: "Live";
      readonly keeper: Keeper;
      /** Names of Deployments in the release's namespace. */
      readonly deployments: ReadonlyArray<string>;
    };

const FLUX = [
  ["helm.toolkit.fluxcd.io", "HelmRelease"],
  ["kustomize.toolkit.fluxcd.io", "Kustomization"],
] as const;

const managersOf = ({ metadata }: KubeObject): ReadonlyArray<string> =>
  (metadata.managedFields ?? []).flatMap((entry) =>
    stringAt(entry, "subresource") === undefined ? (stringAt(entry, "manager") ?? []) : [],
  );

/** Helm made it for this release, or took it over. */
export const isHelms = (
  { metadata: { annotations = {} } }: KubeObject,
  release: ReleaseRef,
): boolean =>
  annotations["meta.helm.sh/release-name"] === release.name &&
  annotations["meta.helm.sh/release-namespace"] === release.namespace;

const isTars = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.["app.kubernetes.io/part-of"] === "tars";

const keeperOf = (object: KubeObject, release: ReleaseRef): Keeper => {
  const { labels = {}, annotations = {} } = object.metadata;
  const managers = managersOf(object);
  const tracked = annotations["argocd.argoproj.io/tracking-id"]?.split(":")[0];
  const application = tracked ?? labels["argocd.argoproj.io/instance"];
  if (application !== undefined) return { _tag: "ArgoCd", application };
  for (const [group, kind] of FLUX) {
    const name = labels[`${group}/name`];
    if (name !== undefined) {
      return { _tag: "Flux", kind, name, namespace: labels[`${group}/namespace`] };
    }
  }
  if (managers.some((manager) => manager.startsWith("argocd"))) {
    return { _tag: "ArgoCd", application: undefined };
  }
  return isHelms(object, release)
    ? { _tag: "LostRecords" }
    : { _tag: "Applied", by: managers.find((manager) => manager !== "kube-controller-manager") };
};

/** Argo CD or Flux, where one of them keeps what runs: it would create it again, whether Helm has a record of it or not. */
export const gitOpsKeeper = (deployments: ReadonlyArray<KubeObject>, release: ReleaseRef) => {
  const found = unrecordedRelease(deployments, release);
  if (found?._tag !== "Live") return undefined;
  const { keeper } = found;
  return keeper._tag === "ArgoCd" || keeper._tag === "Flux"
    ? { keeper, deployments: found.deployments }
    : undefined;
};

/** @param deployments of the release's namespace */
export const unrecordedRelease = (
  deployments: ReadonlyArray<KubeObject>,
  release: ReleaseRef,
): Unrecorded | undefined => {
  const ours = deployments.filter((one) => isHelms(one, release) || isTars(one));
  const [first] = ours;
  return first === undefined
    ? undefined
    : {
        _tag: "Live",
        keeper: keeperOf(first, release),
        deployments: ours.map(({ metadata }) => metadata.name),
      };
};
