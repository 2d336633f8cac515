/** What the API server refuses to make: what a quota leaves no room for, and anything in a namespace that is being deleted. */
import {
  fieldAt,
  type KubeObject,
  Namespace,
  ResourceQuota,
  type ResourceType,
  stringAt,
} from "../../../src/domain/kube/objects.ts";
import { listed, lookUp, resourceName, type Store } from "./store.ts";

/** As a quota names the objects of a type. */
const resourcesOf = (type: ResourceType): ReadonlyArray<string> =>
  type.group === "" ? [type.plural, `count/${type.plural}`] : [`count/${resourceName(type)}`];

/** Pods that have ended do not count. */
const isCounted = (object: KubeObject): boolean =>
  !["Succeeded", "Failed"].includes(stringAt(object, "status", "phase") ?? "");

const usedOf = (store: Store, type: ResourceType, namespace: string): number =>
  listed(store, type, namespace).filter(isCounted).length;

const limitsOf = (quota: KubeObject): Readonly<Record<string, unknown>> =>
  (fieldAt(quota, "spec", "hard") ?? {}) as Record<string, unknown>;

const beyondQuota = (
  store: Store,
  type: ResourceType,
  { metadata: { name, namespace = "" } }: KubeObject,
): string | undefined => {
  for (const quota of listed(store, ResourceQuota, namespace)) {
    for (const resource of resourcesOf(type)) {
      const hard = limitsOf(quota)[resource];
      if (hard === undefined) continue;
      const used = usedOf(store, type, namespace);
      if (used + 1 <= Number(hard)) continue;
      const [requested, limited] = [`${resource}=1`, `${resource}=${hard}`];
      return `${resourceName(type)} "${name}" is forbidden: exceeded quota: ${quota.metadata.name}, requested: ${requested}, used: ${resource}=${used}, limited: ${limited}`;
    }
  }
  return undefined;
};

/** Why there is no room for one object more; nothing where there is. */
export const noRoom = (store: Store, type: ResourceType, next: KubeObject): string | undefined => {
  const { name, namespace } = next.metadata;
  if (namespace === undefined) return undefined;
  const place = lookUp(store, { type: Namespace, name: namespace })?.object;
  if (place?.metadata.deletionTimestamp !== undefined) {
    return `${resourceName(type)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`;
  }
  return beyondQuota(store, type, next);
};

/** What the quota's controller keeps in its status. */
export const quotaStatus = (
  store: Store,
  quota: KubeObject,
  types: ReadonlyArray<ResourceType>,
): object => {
  const { namespace = "" } = quota.metadata;
  const hard = limitsOf(quota);
  const used = Object.keys(hard).flatMap((resource) => {
    const type = types.find((one) => resourcesOf(one).includes(resource));
    return type === undefined ? [] : [[resource, String(usedOf(store, type, namespace))]];
  });
  return { hard, used: Object.fromEntries(used) };
};
