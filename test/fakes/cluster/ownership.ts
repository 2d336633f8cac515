/**
 * Who owns which field: as much of server-side apply as tare relies on. Mappings are merged leaf by leaf, lists are
 * replaced whole.
 */
import { Result } from "effect";
import {
  getPath,
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonPath,
  jsonEquals,
  leaves,
  setPath,
} from "../../../src/domain/kube/json.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

/** Field managers by field; a field is a JSON path, as JSON text. */
export type Owners = ReadonlyMap<string, ReadonlySet<string>>;

export interface Owned {
  readonly object: KubeObject;
  readonly owners: Owners;
}

const SERVER_FIELDS = new Set([
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "managedFields",
]);

/** What a client can set: not the object's name, not what the server keeps, not the status. */
const ownable = (object: KubeObject): JsonObject => {
  const { apiVersion: _version, kind: _kind, status: _status, metadata, ...rest } = object;
  const kept = Object.entries(metadata).filter(([key]) => !SERVER_FIELDS.has(key));
  return { ...rest, metadata: Object.fromEntries(kept) } as JsonObject;
};

const fieldsOf = (object: KubeObject): ReadonlyMap<string, Json> =>
  new Map(
    leaves(ownable(object))
      // An empty mapping owns nothing: it must not wipe what others put into it.
      .filter(([, value]) => !(isJsonObject(value) && Object.keys(value).length === 0))
      .map(([path, value]) => [JSON.stringify(path), value]),
  );

const pathOf = (field: string): ReadonlyArray<string> => JSON.parse(field);

/** A copy without what is at `path`, and without the mappings that this leaves empty. */
const without = (root: JsonObject, [key, ...rest]: JsonPath): JsonObject => {
  if (key === undefined) return root;
  const { [key]: child, ...others } = root;
  if (rest.length === 0 || !isJsonObject(child)) return rest.length === 0 ? others : root;
  const left = without(child, rest);
  return Object.keys(left).length === 0 && key !== "metadata" ? others : { ...root, [key]: left };
};

const showField = (field: string): string => `.${pathOf(field).join(".")}`;

interface Conflict {
  readonly owner: string;
  readonly field: string;
}

/** In the server's words: one on a line of its own, several by manager. */
const conflictText = (conflicts: ReadonlyArray<Conflict>): string => {
  const [first, ...others] = conflicts;
  if (first !== undefined && others.length === 0) {
    return `Apply failed with 1 conflict: conflict with "${first.owner}": ${first.field}`;
  }
  const owners = [...new Set(conflicts.map(({ owner }) => owner))].sort();
  const lines = owners.flatMap((owner) => [
    `conflicts with "${owner}":`,
    ...conflicts.filter((one) => one.owner === owner).map(({ field }) => `- ${field}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
};

/** The applied object, or the fields that others own and that `force` would take over. */
export const applied = (
  live: Owned | undefined,
  intent: KubeObject,
  manager: string,
  force: boolean,
): Result.Result<Owned, string> => {
  const wanted = fieldsOf(intent);
  if (live === undefined) {
    return Result.succeed({
      object: intent,
      owners: new Map([...wanted.keys()].map((field) => [field, new Set([manager])])),
    });
  }
  const before = live.object as unknown as JsonObject;
  let object = before;
  const owners = new Map(live.owners);
  const conflicts: Array<Conflict> = [];
  for (const [field, value] of wanted) {
    const others = [...(owners.get(field) ?? [])].filter((owner) => owner !== manager);
    const same = jsonEquals(getPath(before, pathOf(field)), value);
    if (same) {
      owners.set(field, new Set([...others, manager]));
      continue;
    }
    if (others.length > 0 && !force) {
      conflicts.push(...others.map((owner) => ({ owner, field: showField(field) })));
      continue;
    }
    owners.set(field, new Set([manager]));
    object = setPath(object, pathOf(field), value);
  }
  if (conflicts.length > 0) return Result.fail(conflictText(conflicts));
  for (const [field, managers] of live.owners) {
    if (!managers.has(manager) || wanted.has(field)) continue;
    const others = new Set([...managers].filter((owner) => owner !== manager));
    if (others.size > 0) {
      owners.set(field, others);
    } else {
      owners.delete(field);
      object = without(object, pathOf(field));
    }
  }
  return Result.succeed({ object: object as unknown as KubeObject, owners });
};

/** An ordinary update: whoever changes a field owns it from then on. */
export const updated = (live: Owned, next: KubeObject, manager: string): Owned => {
  const before = fieldsOf(live.object);
  const owners = new Map(
    [...fieldsOf(next)].flatMap(([field, value]) => {
      const isSame = before.has(field) && jsonEquals(before.get(field), value);
      const managers = isSame ? live.owners.get(field) : new Set([manager]);
      return managers === undefined ? [] : [[field, managers] as const];
    }),
  );
  return { object: next, owners };
};

export const managersOf = (owners: Owners): ReadonlyArray<string> =>
  [...new Set([...owners.values()].flatMap((managers) => [...managers]))].sort();
