/** Fields of the release's objects that others own, as the API server tells it when Helm's apply would change them. */
import { isJsonObject, type Json } from "../kube/json.ts";
import type { KubeObject, ResourceType } from "../kube/objects.ts";

/** Who writes to the objects of a release, in Helm 3 and 4 alike. */
export const HELM_MANAGER = "helm";

export interface FieldConflict {
  readonly owner: string;
  /** As the server writes it, e.g. `.spec.template.spec.containers[name="envoy"].image`. */
  readonly path: string;
}

const MANAGER =
  /conflicts? with "((?:[^"\\]|\\.)*)"(?: with subresource "[^"]*")?(?: using \S+?(?: at [^ ]+?)?)?:/;

/** Reads `Apply failed with …`: one conflict on a line of its own, several by manager. */
export const parseConflicts = (detail: string): ReadonlyArray<FieldConflict> => {
  const conflicts: Array<FieldConflict> = [];
  let owner: string | undefined;
  for (const line of detail.split("\n")) {
    const named = MANAGER.exec(line);
    owner = named?.[1] ?? owner;
    const path = /(?:: |^- )(\..*)$/.exec(line)?.[1];
    if (owner !== undefined && path !== undefined) conflicts.push({ owner, path });
  }
  return conflicts;
};

const KEY = /^\[(.*?[^\\])\](?=[.[]|$)/;

const itemAt = (items: ReadonlyArray<Json>, key: string): Json | undefined => {
  if (/^\d+$/.test(key)) return items[Number(key)];
  if (key.startsWith("=")) return items.find((item) => JSON.stringify(item) === key.slice(1));
  const wanted = [...key.matchAll(/(?<!\w)(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)/g)];
  return items.find(
    (item) =>
      isJsonObject(item) &&
      wanted.every(([, name = "", value]) => JSON.stringify(item[name]) === value),
  );
};

/** The field that the server means; names can hold dots, so the longest one that fits is taken. */
export const valueAtPath = (value: Json | undefined, path: string): Json | undefined => {
  if (path === "") return value;
  if (path.startsWith("[")) {
    const [whole = "", key = ""] = KEY.exec(path) ?? [];
    return whole === "" || !Array.isArray(value)
      ? undefined
      : valueAtPath(itemAt(value, key), path.slice(whole.length));
  }
  if (!isJsonObject(value)) return undefined;
  const rest = path.slice(1);
  const name = Object.keys(value)
    .filter((one) => rest === one || rest.startsWith(`${one}.`) || rest.startsWith(`${one}[`))
    .sort((a, b) => b.length - a.length)[0];
  return name === undefined ? undefined : valueAtPath(value[name], rest.slice(name.length));
};

export const fieldOf = (object: KubeObject | undefined, path: string): Json | undefined =>
  object === undefined ? undefined : valueAtPath(object as unknown as Json, path);

const CONTROLLER =
  /controller|operator|inject|webhook|autoscal|istio|pilot|linkerd|keda|vpa|cert-manager|kyverno|gatekeeper/i;

export const isController = (owner: string): boolean => CONTROLLER.test(owner);

/** Helm merges these three ways, so that whatever differs from the chart is set again. */
export const isBuiltIn = ({ group }: ResourceType): boolean =>
  !group.includes(".") || (group.endsWith(".k8s.io") && !group.startsWith("gateway.networking."));
