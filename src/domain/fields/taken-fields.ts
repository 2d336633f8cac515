/** Fields that an upgrade takes over: others set or removed them on its objects, and it sets them again. */

import type { ApplyMethod } from "../helm/arguments.ts";
import type { Json } from "../kube/json.ts";
import type { ResourceType } from "../kube/objects.ts";
import { looksSecret } from "../text/redaction.ts";
import {
  type FieldConflict,
  fieldOf,
  HELM_MANAGER,
  isBuiltIn,
  isController,
} from "./field-owners.ts";
import { type OwnedPath, ownersOf, showOwnedPath, valueAtOwned } from "./managed-fields.ts";
import type { ObjectName, ObjectStates } from "./object-change.ts";
import { fieldsOf, type Show } from "./object-diff.ts";
import { MASKED, type ShownValue } from "./shown-value.ts";

/** One field that the upgrade changes although another manager set it; values are fit to be shown. */
export interface TakenField {
  readonly path: string;
  /** `undefined` for what was removed: that has no owner. */
  readonly owner: string | undefined;
  readonly before: ShownValue | undefined;
  readonly after: ShownValue | undefined;
  /** Its owner is a program that is likely to set it again. */
  readonly returns: boolean;
}

export interface TakenFields extends ObjectName {
  readonly fields: ReadonlyArray<TakenField>;
}

export interface RehearsedObject extends ObjectStates {
  readonly type: ResourceType;
  /** How Helm will write it. */
  readonly method: ApplyMethod;
}

/** Where Helm patches a custom resource itself, it compares two manifests and sets only what differs in them. */
const isLeftAlone = ({ type, previous, next, method }: RehearsedObject, path: string): boolean =>
  method === "client" &&
  !isBuiltIn(type) &&
  JSON.stringify(fieldOf(previous, path)) === JSON.stringify(fieldOf(next, path));

const ownedByOthers = (
  rehearsed: RehearsedObject,
  conflicts: ReadonlyArray<FieldConflict>,
  show: Show,
): ReadonlyArray<TakenField> => {
  const { live, applied } = rehearsed;
  return conflicts
    .filter(({ owner, path }) => owner !== HELM_MANAGER && !isLeftAlone(rehearsed, path))
    .map(({ owner, path }) => ({
      path: path.slice(1),
      owner,
      before: show(path.slice(1), fieldOf(live, path)),
      after: show(path.slice(1), fieldOf(applied, path)),
      returns: isController(owner),
    }));
};

interface Met {
  readonly conflicts: ReadonlyArray<FieldConflict>;
  /** What the chart's own cannot be beside. */
  readonly parts: ReadonlyArray<OwnedPath>;
}

const EMPTY = new Set<Json | undefined>([undefined, null, false, 0, ""]);

/** A field that was removed has no owner, so the server sees no conflict. */
const removedFields = (rehearsed: RehearsedObject, show: Show): ReadonlyArray<TakenField> => {
  const { previous, live, applied, type, method } = rehearsed;
  if (previous === undefined || (method === "client" && !isBuiltIn(type))) return [];
  const [there, after] = [fieldsOf(live), fieldsOf(applied)];
  return [...fieldsOf(previous)]
    .filter(([path, value]) => !EMPTY.has(value) && !there.has(path) && after.has(path))
    .map(([path]) => ({
      path,
      owner: undefined,
      before: undefined,
      after: show(path, after.get(path)),
      returns: false,
    }));
};

/** Parts of others that go as a whole. */
const takenParts = (
  { live }: RehearsedObject,
  parts: ReadonlyArray<OwnedPath>,
  show: Show,
): ReadonlyArray<TakenField> =>
  parts.map((part) => {
    const owners = ownersOf(live, part).filter((owner) => owner !== HELM_MANAGER);
    const path = showOwnedPath(part);
    const value = valueAtOwned(live as unknown as Json, part);
    // Shown whole, what it holds can promise a secret as well as the path.
    const hides = typeof value === "object" && looksSecret(JSON.stringify(value));
    return {
      path,
      owner: owners.join(", ") || undefined,
      before: hides ? MASKED : show(path, value),
      after: undefined,
      returns: owners.some(isController),
    };
  });

export const takenFields = (
  rehearsed: RehearsedObject,
  { conflicts, parts }: Met,
  show: Show,
): ReadonlyArray<TakenField> => [
  ...takenParts(rehearsed, parts, show),
  ...ownedByOthers(rehearsed, conflicts, show),
  ...removedFields(rehearsed, show),
];
