/** Stored objects of kinds that the cluster has stopped serving: Helm stops at them before it does anything. */
import { apiVersionOf, type KubeObject, type ResourceType } from "../kube/objects.ts";

export interface UnservedObject {
  readonly revision: number;
  readonly kind: string;
  readonly name: string;
  readonly apiVersion: string;
  /** What the cluster serves in its place, where all of that version went there. */
  readonly replacement: string | undefined;
}

/** Where the kinds of the first group of Kubernetes went. */
const MOVED: Readonly<Record<string, ReadonlyArray<string>>> = {
  extensions: ["apps", "networking.k8s.io", "policy"],
};

const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";

const isStable = ({ version }: ResourceType): boolean => /^v\d+$/.test(version);

const successor = (
  { apiVersion, kind }: KubeObject,
  types: ReadonlyArray<ResourceType>,
): string | undefined => {
  const group = groupOf(apiVersion);
  const groups = [group, ...(MOVED[group] ?? [])];
  const found = types.filter((type) => type.kind === kind && groups.includes(type.group));
  const best = found.find(isStable) ?? found[0];
  return best === undefined ? undefined : apiVersionOf(best);
};

export const unservedObjects = (
  revision: number,
  objects: ReadonlyArray<KubeObject>,
  types: ReadonlyArray<ResourceType>,
): ReadonlyArray<UnservedObject> => {
  const served = new Set(types.map((type) => `${apiVersionOf(type)} ${type.kind}`));
  const isServed = ({ apiVersion, kind }: KubeObject) => served.has(`${apiVersion} ${kind}`);
  /** The same for every object of that version, or nothing: versions are replaced as a whole. */
  const replacementOf = (apiVersion: string): string | undefined => {
    const all = objects.filter((object) => object.apiVersion === apiVersion);
    const found = new Set(
      all.map((object) => (isServed(object) ? undefined : successor(object, types))),
    );
    return found.size === 1 ? [...found][0] : undefined;
  };
  return objects
    .filter((object) => !isServed(object))
    .map(({ apiVersion, kind, metadata: { name } }) => ({
      revision,
      kind,
      name,
      apiVersion,
      replacement: replacementOf(apiVersion),
    }));
};
