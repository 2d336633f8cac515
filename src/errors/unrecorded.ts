/** In words: a release that runs and that Helm has no record of. */
import { again, type Hint, hint, kubectl } from "../domain/hints/hint.ts";
import type { ReleaseRef } from "../domain/release/release.ts";
import type { Keeper, Unrecorded } from "../domain/release/unrecorded.ts";

const STORAGE = { configmap: "ConfigMaps", secret: "Secrets" } as const;

const describeKeeper = (keeper: Keeper): string => {
  switch (keeper._tag) {
    case "ArgoCd":
      return keeper.application === undefined
        ? "Argo CD has rendered it"
        : `Argo CD has rendered it (application ${keeper.application})`;
    case "Flux":
      return `Flux keeps it (${keeper.kind} ${keeper.name})`;
    case "LostRecords":
      return "Helm made it, and its records are gone";
    case "Applied":
      return keeper.by === undefined
        ? "it was applied without Helm"
        : `it was applied by ${keeper.by}, not by Helm`;
  }
};

export const describeUnrecorded = (release: ReleaseRef, unrecorded: Unrecorded): string =>
  unrecorded._tag === "OtherStorage"
    ? `Helm's records of it are there, in ${STORAGE[unrecorded.driver]}, and HELM_DRIVER does not say so`
    : `it runs all the same (Deployments ${unrecorded.deployments.join(", ")} in ${release.namespace}): ${describeKeeper(unrecorded.keeper)}`;

const keeperHint = ({ name, namespace }: ReleaseRef, keeper: Keeper): Hint => {
  switch (keeper._tag) {
    case "ArgoCd":
      return hint(
        "Upgrade it where Argo CD takes it from, or look for the application:",
        kubectl("get", "applications.argoproj.io", "--all-namespaces"),
      );
    case "Flux": {
      const [kind, group] =
        keeper.kind === "HelmRelease" ? ["helmreleases", "helm"] : ["kustomizations", "kustomize"];
      const where = keeper.namespace === undefined ? [] : ["-n", keeper.namespace];
      return hint(
        "Upgrade it where Flux takes it from:",
        kubectl("get", `${kind}.${group}.toolkit.fluxcd.io`, keeper.name, ...where),
      );
    }
    case "LostRecords":
      return hint(
        "Restore its records from a backup, one for each revision; those that are there:",
        kubectl("get", "secrets", "-n", namespace, "-l", `owner=helm,name=${name}`),
      );
    case "Applied":
      return hint(
        "Upgrade it with what it was applied with; what runs:",
        kubectl("get", "deployments", "-n", namespace),
      );
  }
};

export const unrecordedHints = (
  release: ReleaseRef,
  unrecorded: Unrecorded,
): ReadonlyArray<Hint> =>
  unrecorded._tag === "OtherStorage"
    ? [hint(`Run it again with HELM_DRIVER=${unrecorded.driver} in the environment:`, again)]
    : [keeperHint(release, unrecorded.keeper)];
