import { isJsonObject, type JsonObject } from "../kube/json.ts";
import { fieldAt, type KubeObject, listAt, type ResourceType, stringAt } from "../kube/objects.ts";

/** A CustomResourceDefinition as the decisions about it see it. */
export interface CrdView {
  readonly name: string;
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: string;
  readonly versions: ReadonlyArray<CrdVersion>;
  /** `None` unless said otherwise. */
  readonly conversion: string;
  readonly storedVersions: ReadonlyArray<string>;
}

interface CrdVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated: boolean;
  readonly schema: JsonObject;
}

export const crdView = (crd: KubeObject): CrdView => ({
  name: crd.metadata.name,
  group: stringAt(crd, "spec", "group") ?? "",
  kind: stringAt(crd, "spec", "names", "kind") ?? "",
  plural: stringAt(crd, "spec", "names", "plural") ?? "",
  scope: stringAt(crd, "spec", "scope") ?? "",
  versions: listAt(crd, "spec", "versions").map((version) => {
    const schema = fieldAt(version, "schema", "openAPIV3Schema");
    return {
      name: stringAt(version, "name") ?? "",
      served: fieldAt(version, "served") === true,
      storage: fieldAt(version, "storage") === true,
      deprecated: fieldAt(version, "deprecated") === true,
      schema: isJsonObject(schema) ? schema : {},
    };
  }),
  conversion: stringAt(crd, "spec", "conversion", "strategy") ?? "None",
  storedVersions: listAt(crd, "status", "storedVersions").map(String),
});

export const versionNamed = ({ versions }: CrdView, name: string): CrdVersion | undefined =>
  versions.find((version) => version.name === name);

export const storageVersion = ({ versions }: CrdView): string | undefined =>
  versions.find(({ storage }) => storage)?.name;

export const servedVersions = ({ versions }: CrdView): ReadonlyArray<string> =>
  versions.filter(({ served }) => served).map(({ name }) => name);

/** What the controllers of our chart may ask for: a deprecated version is there for others only. */
export const neededVersions = ({ versions }: CrdView): ReadonlyArray<string> =>
  versions.filter(({ served, deprecated }) => served && !deprecated).map(({ name }) => name);

export const customType = (
  { group, plural, kind, scope }: CrdView,
  version: string,
): ResourceType => ({ group, version, plural, kind, namespaced: scope === "Namespaced" });

/** As kubectl takes it, with the version when that matters: `plural.version.group`. */
export const resourceWord = (
  { plural, group }: Pick<CrdView, "plural" | "group">,
  version?: string,
): string => [plural, ...(version === undefined ? [] : [version]), group].join(".");
