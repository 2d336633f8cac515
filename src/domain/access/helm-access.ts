/** The rights that `helm upgrade` and its rollback need for one particular change. */

import {
  ConfigMap,
  Deployment,
  type KubeObject,
  ReplicaSet,
  type ResourceType,
  Secret,
} from "../kube/objects.ts";
import type { ReleaseRef } from "../release/release.ts";
import { type Access, accessTo, distinctAccess } from "./access.ts";

export interface HelmChange {
  readonly release: ReleaseRef;
  /** What the deployed revision consists of, and what the next one will. */
  readonly previous: ReadonlyArray<KubeObject>;
  readonly next: ReadonlyArray<KubeObject>;
  readonly hooks: ReadonlyArray<KubeObject>;
  readonly atomic: boolean;
  /** Where Helm keeps its records. */
  readonly storage: "secrets" | "configmaps" | "elsewhere";
}

export type TypeOf = (object: KubeObject) => ResourceType | undefined;

const RECORD_VERBS = ["get", "list", "create", "update", "delete"];

const recordAccess = ({ storage, release }: HelmChange): ReadonlyArray<Access> => {
  if (storage === "elsewhere") return [];
  const type = storage === "secrets" ? Secret : ConfigMap;
  return accessTo(type, RECORD_VERBS, release.namespace);
};

export const objectKey = ({ apiVersion, kind, metadata }: KubeObject): string => {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return [group, kind, metadata.namespace ?? "", metadata.name].join("\u0000");
};

const isKept = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.["helm.sh/resource-policy"] === "keep";

/** What Helm deletes: the objects of the deployed revision that the next one leaves out. */
export const droppedObjects = (
  previous: ReadonlyArray<KubeObject>,
  next: ReadonlyArray<KubeObject>,
): ReadonlyArray<KubeObject> => {
  const staying = new Set(next.map(objectKey));
  return previous.filter((object) => !staying.has(objectKey(object)) && !isKept(object));
};

/** A kind that neither the server nor the chart knows is left out: Helm will refuse it. */
export const helmAccess = (change: HelmChange, typeOf: TypeOf): ReadonlyArray<Access> => {
  const { release, previous, next, hooks, atomic } = change;
  const needs = (object: KubeObject, verbs: ReadonlyArray<string>): ReadonlyArray<Access> => {
    const type = typeOf(object);
    const { name, namespace = release.namespace } = object.metadata;
    return type === undefined ? [] : accessTo(type, verbs, namespace, name);
  };
  const before = new Set(previous.map(objectKey));
  // A rollback takes back what the upgrade did.
  const undone = atomic
    ? { created: ["delete"], deleted: ["create"] }
    : { created: [], deleted: [] };
  return distinctAccess([
    ...recordAccess(change),
    ...next.flatMap((object) =>
      before.has(objectKey(object))
        ? needs(object, ["get", "patch"])
        : needs(object, ["get", "create", ...undone.created]),
    ),
    ...droppedObjects(previous, next).flatMap((object) =>
      needs(object, ["get", "delete", ...undone.deleted]),
    ),
    ...hooks.flatMap((object) => needs(object, ["get", "list", "watch", "create", "delete"])),
    // `--wait` finds the pods of a Deployment through its newest ReplicaSet.
    ...next
      .filter(({ kind }) => kind === Deployment.kind)
      .flatMap(({ metadata: { namespace = release.namespace } }) =>
        accessTo(ReplicaSet, ["list"], namespace),
      ),
  ]);
};
