/** What differs between two states of an object, field by field, fit to be shown. */
import { isJsonObject, type Json } from "../kube/json.ts";
import type { KubeObject } from "../kube/objects.ts";
import { looksSecret } from "../text/redaction.ts";
import { MASKED, type ShownValue, shownValue } from "./shown-value.ts";

/** What the server keeps for itself, and the marks that Helm adds to what it owns: no chart asks for them. */
const NOT_THE_CHARTS = new Set([
  "metadata.annotations.meta.helm.sh/release-name",
  "metadata.annotations.meta.helm.sh/release-namespace",
  "metadata.labels.app.kubernetes.io/managed-by",
  "metadata.managedFields",
  "metadata.resourceVersion",
  "metadata.generation",
  "metadata.creationTimestamp",
  "metadata.uid",
  "status",
]);

/** By path, e.g. `spec.template.spec.containers[envoy].image`. Empty lists and mappings are values of their own. */
export type Fields = ReadonlyMap<string, Json>;

const nameOf = (item: Json): string | undefined =>
  isJsonObject(item) && typeof item.name === "string" ? item.name : undefined;

/** Items with distinct names are told apart by them, so that one more does not change all that follow. */
const itemKeys = (items: ReadonlyArray<Json>): ReadonlyArray<string> => {
  const names = items.map(nameOf);
  const distinct = new Set(names).size === items.length && !names.includes(undefined);
  return items.map((_, index) => `[${distinct ? names[index] : index}]`);
};

const collect = (value: Json, path: string, into: Map<string, Json>): void => {
  if (NOT_THE_CHARTS.has(path)) return;
  if (Array.isArray(value) && value.length > 0) {
    const keys = itemKeys(value);
    for (const [index, item] of value.entries()) collect(item, `${path}${keys[index]}`, into);
  } else if (isJsonObject(value) && Object.keys(value).length > 0) {
    for (const [key, child] of Object.entries(value)) {
      collect(child, path === "" ? key : `${path}.${key}`, into);
    }
  } else {
    into.set(path, value);
  }
};

export const fieldsOf = (object: KubeObject): Fields => {
  const fields = new Map<string, Json>();
  collect(object as unknown as Json, "", fields);
  return fields;
};

export interface FieldChange {
  readonly path: string;
  /** `undefined` where there is nothing. */
  readonly before: ShownValue | undefined;
  readonly after: ShownValue | undefined;
}

/** Says a value so that it can be shown; `known` masks the secrets of this run wherever they stand. */
export type Show = (path: string, value: Json | undefined) => ShownValue | undefined;

export const showValue =
  (isSecret: boolean, known: (text: string) => string): Show =>
  (path, value) => {
    if (value === undefined) return undefined;
    const hidden =
      (isSecret && /^(?:data|stringData)\b/.test(path)) ||
      looksSecret(path.replaceAll(/[[\]]/g, "."));
    return hidden ? MASKED : shownValue(known(JSON.stringify(value)));
  };

const same = (left: Json | undefined, right: Json | undefined): boolean =>
  JSON.stringify(left) === JSON.stringify(right);

/** Fields that differ, in the order of their paths. */
export const changedPaths = (before: Fields, after: Fields): ReadonlyArray<string> =>
  [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => !same(before.get(path), after.get(path)))
    .sort();
