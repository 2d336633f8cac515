/** What the API server insists on for CustomResourceDefinitions, and what it adds to them. */
import {
  CustomResourceDefinition,
  fieldAt,
  type KubeObject,
  listAt,
  type ResourceType,
  stringAt,
} from "../../../src/domain/kube/objects.ts";

const versionNames = (crd: KubeObject): ReadonlyArray<string> =>
  listAt(crd, "spec", "versions").map((version) => stringAt(version, "name") ?? "");

const storageVersion = (crd: KubeObject): string | undefined =>
  stringAt(
    listAt(crd, "spec", "versions").find((version) => fieldAt(version, "storage") === true),
    "name",
  );

const storedVersions = (crd: KubeObject | undefined): ReadonlyArray<string> =>
  listAt(crd, "status", "storedVersions").map(String);

/** The server's objection to the change, in its own words. */
export const objection = (
  type: ResourceType,
  live: KubeObject | undefined,
  next: KubeObject,
): string | undefined => {
  if (type.plural !== CustomResourceDefinition.plural || live === undefined) return undefined;
  const problem =
    ["scope", "names.kind"]
      .filter((field) => {
        const path = field.split(".");
        return fieldAt(live, "spec", ...path) !== fieldAt(next, "spec", ...path);
      })
      .map((field) => {
        const value = JSON.stringify(fieldAt(next, "spec", ...field.split(".")));
        return `spec.${field}: Invalid value: ${value}: field is immutable`;
      })[0] ??
    storedVersions(live)
      .filter((version) => !versionNames(next).includes(version))
      .map(
        (version) =>
          `status.storedVersions[0]: Invalid value: "${version}": missing from spec.versions; ` +
          `${version} was previously a storage version, and must remain in spec.versions until a storage migration ` +
          `ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`,
      )[0];
  return problem === undefined
    ? undefined
    : `CustomResourceDefinition.apiextensions.k8s.io "${next.metadata.name}" is invalid: ${problem}`;
};

/** A version that was ever the storage version stays recorded. */
export const withStoredVersions = (
  type: ResourceType,
  live: KubeObject | undefined,
  next: KubeObject,
): KubeObject => {
  if (type.plural !== CustomResourceDefinition.plural) return next;
  const storage = storageVersion(next);
  const known = storedVersions(live);
  const versions = storage === undefined || known.includes(storage) ? known : [...known, storage];
  const status = (next.status ?? live?.status) as object | undefined;
  return { ...next, status: { ...status, storedVersions: versions } };
};

export const established = {
  conditions: [
    { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "" },
    { type: "Established", status: "True", reason: "InitialNamesAccepted", message: "" },
  ],
};
