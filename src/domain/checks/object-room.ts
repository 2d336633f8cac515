/** Whether the quotas of a namespace leave room for the objects that an upgrade adds to it. */
import { fieldAt, type KubeObject, listAt, type ResourceType, stringAt } from "../kube/objects.ts";

export interface ObjectsToCome {
  readonly namespace: string;
  readonly type: ResourceType;
  readonly count: number;
}

export interface QuotaShortfall {
  readonly quota: string;
  readonly namespace: string;
  /** As the quota names it, e.g. `count/secrets`. */
  readonly resource: string;
  readonly hard: number;
  readonly used: number;
  readonly needed: number;
}

/** What Helm keeps of a release where nothing says otherwise (`HELM_MAX_HISTORY`). */
export const DEFAULT_MAX_HISTORY = 10;

/**
 * How many records an upgrade adds at the most, and the rollback after it: Helm removes the oldest before it would have more
 * than `maxHistory`, which is without limit where it is 0.
 */
export const recordsToCome = (
  records: number,
  { atomic, maxHistory }: { readonly atomic: boolean; readonly maxHistory: number },
): number => {
  const added = atomic ? 2 : 1;
  if (maxHistory === 0) return added;
  return Math.max(0, Math.min(records + added, Math.max(records, maxHistory)) - records);
};

const resourcesOf = ({ group, plural }: ResourceType): ReadonlyArray<string> =>
  group === "" ? [plural, `count/${plural}`] : [`count/${plural}.${group}`];

/** A quota with a scope counts pods alone. */
const isScoped = (quota: KubeObject): boolean =>
  listAt(quota, "spec", "scopes").length > 0 ||
  fieldAt(quota, "spec", "scopeSelector") !== undefined;

/** @param quotas ResourceQuotas of the namespaces in question */
export const quotaShortfalls = (
  quotas: ReadonlyArray<KubeObject>,
  coming: ReadonlyArray<ObjectsToCome>,
): ReadonlyArray<QuotaShortfall> =>
  quotas
    .filter((quota) => !isScoped(quota))
    .flatMap((quota) => {
      const { name, namespace = "" } = quota.metadata;
      const hardOnes = (fieldAt(quota, "status", "hard") ?? {}) as Record<string, unknown>;
      return Object.keys(hardOnes).flatMap((resource) => {
        const needed = coming
          .filter((one) => one.namespace === namespace && resourcesOf(one.type).includes(resource))
          .reduce((sum, { count }) => sum + count, 0);
        const hard = Number(stringAt(hardOnes, resource));
        const used = Number(stringAt(quota, "status", "used", resource));
        const isShort = needed > 0 && used + needed > hard;
        return isShort ? [{ quota: name, namespace, resource, hard, used, needed }] : [];
      });
    });
