/** How clients reach the data plane: what an upgrade must not change unasked. */
import { isBuiltIn } from "../fields/field-owners.ts";
import { type ObjectName, resultingFields } from "../fields/object-change.ts";
import { changedPaths, fieldsOf, type Show } from "../fields/object-diff.ts";
import type { ShownValue } from "../fields/shown-value.ts";
import type { RehearsedObject } from "../fields/taken-fields.ts";
import { getPath, type Json, type JsonObject, type JsonPath, setPath } from "../kube/json.ts";
import { EnvoyProxy, Gateway, GatewayClass, type KubeObject } from "../kube/objects.ts";

interface ReachField {
  readonly kind: string;
  /** In the object. */
  readonly field: JsonPath;
  /** The chart's value that sets it; none where it takes more than one. */
  readonly value: JsonPath | undefined;
}

const SERVICE = ["spec", "provider", "kubernetes", "envoyService"];

const FIELDS: ReadonlyArray<ReachField> = [
  { kind: EnvoyProxy.kind, field: [...SERVICE, "type"], value: ["gateway", "service", "type"] },
  {
    kind: EnvoyProxy.kind,
    field: [...SERVICE, "annotations"],
    value: ["gateway", "service", "annotations"],
  },
  {
    kind: EnvoyProxy.kind,
    field: [...SERVICE, "externalTrafficPolicy"],
    value: ["gateway", "service", "externalTrafficPolicy"],
  },
  { kind: EnvoyProxy.kind, field: SERVICE, value: undefined },
  { kind: Gateway.kind, field: ["spec", "listeners"], value: ["gateway", "listeners"] },
  { kind: Gateway.kind, field: ["spec", "gatewayClassName"], value: ["gateway", "className"] },
  { kind: Gateway.kind, field: ["spec", "addresses"], value: undefined },
  { kind: GatewayClass.kind, field: ["spec"], value: undefined },
];

const KINDS: ReadonlySet<string> = new Set(FIELDS.map(({ kind }) => kind));

export interface ReachChange extends ObjectName {
  /** Nothing where the whole object goes. */
  readonly path: string | undefined;
  readonly before: ShownValue | undefined;
  readonly after: ShownValue | undefined;
  /** The chart's value that keeps it, and what that is now. */
  readonly keep: { readonly path: JsonPath; readonly value: Json } | undefined;
}

const isBeneath = (path: string, field: JsonPath): boolean => {
  const parent = field.join(".");
  return path === parent || path.startsWith(`${parent}.`) || path.startsWith(`${parent}[`);
};

/** A new listener cuts no client off; one without its port, or with another, does. */
export const reachChanges = (
  rehearsed: RehearsedObject,
  show: Show,
): ReadonlyArray<ReachChange> => {
  const { previous, next, live, type, method } = rehearsed;
  if (!KINDS.has(live.kind)) return [];
  const [before, after] = [fieldsOf(live), resultingFields(rehearsed)];
  const [old, asked] = [previous && fieldsOf(previous), fieldsOf(next)];
  // Where Helm patches a custom resource itself, what the chart did not change stays as it is.
  const stays = (path: string) =>
    method === "client" &&
    !isBuiltIn(type) &&
    JSON.stringify(old?.get(path)) === JSON.stringify(asked.get(path));
  const { kind, metadata } = live;
  return changedPaths(before, after)
    .filter((path) => before.has(path) && !stays(path))
    .flatMap((path): ReadonlyArray<ReachChange> => {
      const field = FIELDS.find((one) => one.kind === kind && isBeneath(path, one.field));
      if (field === undefined) return [];
      const value = getPath(live as unknown as JsonObject, field.field);
      return [
        {
          kind,
          namespace: metadata.namespace,
          name: metadata.name,
          path,
          before: show(path, before.get(path)),
          after: show(path, after.get(path)),
          keep:
            field.value === undefined || value === undefined
              ? undefined
              : { path: field.value, value },
        },
      ];
    });
};

/** What clients are reached by goes with the object. */
export const isReach = ({ kind }: KubeObject): boolean => KINDS.has(kind);

/** Whether the operator's own values say so. */
export const isAskedFor = ({ keep }: ReachChange, files: JsonObject): boolean =>
  keep !== undefined && getPath(files, keep.path) !== undefined;

/** The values that keep all of it; nothing where a value cannot. */
export const keepingValues = (changes: ReadonlyArray<ReachChange>): JsonObject | undefined => {
  if (changes.some(({ keep }) => keep === undefined)) return undefined;
  return changes.reduce<JsonObject>(
    (values, { keep }) => (keep === undefined ? values : setPath(values, keep.path, keep.value)),
    {},
  );
};
