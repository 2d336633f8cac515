/** What becomes of one object of the release. */
import { type KubeObject, numberAt } from "../kube/objects.ts";
import type { RollReason } from "../plan/roll-reason.ts";
import { changedPaths, type FieldChange, type Fields, fieldsOf, type Show } from "./object-diff.ts";
import type { ShownValue } from "./shown-value.ts";

export interface ObjectName {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface ObjectChange extends ObjectName {
  readonly action: "create" | "change" | "delete" | "refused";
  readonly fields: ReadonlyArray<FieldChange>;
  /** Of a refused one: what the server says. */
  readonly why?: string;
}

export const nameOfObject = ({ kind, metadata }: KubeObject): ObjectName => ({
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
});

/** The four states of an object that decide what Helm changes. */
export interface ObjectStates {
  /** In the manifest of the deployed revision. */
  readonly previous: KubeObject | undefined;
  /** In the manifest of the next one. */
  readonly next: KubeObject;
  readonly live: KubeObject;
  /** What the server would make of the next one: `live` with it applied. */
  readonly applied: KubeObject;
}

const NOTHING: Fields = new Map();

/**
 * A server-side dry run leaves what the chart no longer mentions, since Helm wrote it under another kind of ownership. Helm
 * itself takes that away, so it is taken away here: what the last manifest had and the next one has not.
 */
export const resultingFields = ({ previous, next, applied }: ObjectStates): Fields => {
  const after = new Map(fieldsOf(applied));
  const asked = fieldsOf(next);
  for (const path of (previous === undefined ? NOTHING : fieldsOf(previous)).keys()) {
    if (!asked.has(path) && !isBeneathAsked(path, asked)) after.delete(path);
  }
  return after;
};

export const changedFields = (states: ObjectStates, show: Show): ReadonlyArray<FieldChange> => {
  const [before, after] = [fieldsOf(states.live), resultingFields(states)];
  return changedPaths(before, after).map((path) => ({
    path,
    before: show(path, before.get(path)),
    after: show(path, after.get(path)),
  }));
};

/** An empty mapping that has been filled, or a filled one that is empty now, is not a field that went. */
const isBeneathAsked = (path: string, asked: Fields): boolean =>
  [...asked.keys()].some((other) => other.startsWith(`${path}.`) || other.startsWith(`${path}[`));

const WORKLOADS = new Set(["Deployment", "StatefulSet", "DaemonSet"]);

/** Whether its controller makes pods from a template. */
export const isWorkload = (kind: string): boolean => WORKLOADS.has(kind);

export interface Roll {
  /** `data plane` for what is made by Envoy Gateway, and no object of the release. */
  readonly workload: { readonly kind: string; readonly name: string };
  readonly namespace: string | undefined;
  /** `undefined` where it depends on the nodes. */
  readonly pods: number | undefined;
  readonly why: RollReason;
}

/** The pods of a workload are replaced when its template changes. */
export const rollOf = (change: ObjectChange, live: KubeObject | undefined): Roll | undefined => {
  if (change.action !== "change" || !isWorkload(change.kind)) return undefined;
  const reasons = change.fields.filter(({ path }) => path.startsWith("spec.template."));
  const [first] = reasons;
  if (first === undefined) return undefined;
  return {
    workload: { kind: change.kind, name: change.name },
    namespace: change.namespace,
    pods: change.kind === "DaemonSet" ? undefined : (numberAt(live, "spec", "replicas") ?? 1),
    why: {
      _tag: "Template",
      field: first.path.slice("spec.template.".length),
      more: reasons.length - 1,
    },
  };
};

export interface ImageChange {
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** E.g. `Deployment envoy-gateway`. */
  readonly usedBy: ReadonlyArray<string>;
}

const IMAGE = /(?:^|\.)image$/;

/** Whole: the text of a long one is cut off. */
const imageIn = (shown: ShownValue | undefined): string | undefined =>
  typeof shown?.value === "string" ? shown.value : undefined;

export const imageChanges = (changes: ReadonlyArray<ObjectChange>): ReadonlyArray<ImageChange> => {
  const found = changes.flatMap(({ kind, name, fields }) =>
    fields
      .filter(({ path }) => IMAGE.test(path))
      .map(({ before, after }) => ({
        before: imageIn(before),
        after: imageIn(after),
        by: `${kind} ${name}`,
      })),
  );
  const groups = Map.groupBy(found, ({ before, after }) => `${before} ${after}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          {
            before: first.before,
            after: first.after,
            usedBy: [...new Set(group.map(({ by }) => by))],
          },
        ];
  });
};
