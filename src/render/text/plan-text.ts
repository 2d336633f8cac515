import type { ImageChange, ObjectChange, Roll } from "../../domain/fields/object-change.ts";
import type { FieldChange } from "../../domain/fields/object-diff.ts";
import type { TakenField, TakenFields } from "../../domain/fields/taken-fields.ts";
import { quotedWords } from "../../domain/hints/operator-commands.ts";
import type { PlannedValue } from "../../domain/plan/planned-values.ts";
import { planHasChanges, type UpgradePlan } from "../../domain/plan/upgrade-plan.ts";
import {
  describeKept,
  describeLimit,
  describeRoll,
  describeRolled,
} from "../../words/plan/plan.ts";
import { columnsOf, padColumns } from "./columns.ts";

const NOTHING = "(none)";

const arrow = (before: string | undefined, after: string | undefined): string =>
  `${before ?? NOTHING} → ${after ?? NOTHING}`;

const change = ({ before, after }: Pick<FieldChange, "before" | "after">): string =>
  arrow(before?.text, after?.text);

/** Columns as wide as their widest cell; the last one is left ragged. */
const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => columnsOf(row[column] ?? ""))),
  );
  return rows.map((row) =>
    `  ${row
      .map((cell, column) =>
        column === row.length - 1 ? cell : padColumns(cell, widths[column] ?? 0),
      )
      .join("  ")}`.trimEnd(),
  );
};

const valueRow = ({ path, fate, keepWith, ...states }: PlannedValue) => [
  fate,
  path,
  `${fate === "kept" ? (states.after?.text ?? NOTHING) : change(states)}${
    keepWith === undefined ? "" : ` (keep it with ${quotedWords(keepWith)})`
  }`,
];

const count = (many: number, one: string): string => `${many} ${one}${many === 1 ? "" : "s"}`;

/** What no value had before is a default that the chart is new to: counted, not listed. */
const valueLines = (values: ReadonlyArray<PlannedValue>): ReadonlyArray<string> => {
  const isAdded = ({ fate, before }: PlannedValue) =>
    fate === "new default" && before === undefined;
  const added = values.filter(isAdded).length;
  const rows = values.filter((value) => !isAdded(value)).map(valueRow);
  return [
    ...(rows.length === 0 ? ["  no value changes"] : table(rows)),
    ...(added === 0 ? [] : [`  and ${count(added, "value")} new in this chart`]),
  ];
};

const crdLines = ({ crds }: UpgradePlan): ReadonlyArray<string> => {
  const changing = crds.filter(({ verdict }) => verdict !== "unchanged");
  const unchanged = crds.length - changing.length;
  return [
    ...table(
      changing.map(({ name, verdict, keptBy }) => [
        verdict,
        keptBy === undefined ? name : `${name}: ${describeKept(keptBy)}`,
      ]),
    ),
    ...(unchanged === 0 ? [] : [`  ${unchanged} unchanged`]),
  ];
};

const where = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

const fieldLine = ({ path, ...states }: FieldChange): string => `      ${path}: ${change(states)}`;

const objectLines = ({
  action,
  kind,
  namespace,
  name,
  fields,
  why,
}: ObjectChange): ReadonlyArray<string> => [
  `  ${action} ${kind} ${where(namespace, name)}${why === undefined ? "" : `: ${why}`}`,
  ...(action === "change" ? fields.map(fieldLine) : []),
];

const takenLine = ({ path, owner, returns, ...states }: TakenField): string => {
  const who = owner === undefined ? "removed by hand" : `set by ${owner}`;
  return `      ${path}: ${change(states)} (${who}${returns ? ", which may set it again" : ""})`;
};

export const takenLines = (taken: ReadonlyArray<TakenFields>): ReadonlyArray<string> =>
  taken.flatMap(({ kind, namespace, name, fields }) => [
    `  ${kind} ${where(namespace, name)}`,
    ...fields.map(takenLine),
  ]);

const imageLine = ({ before, after, usedBy }: ImageChange): string =>
  `  ${arrow(before, after)} (${usedBy.join(", ")})`;

const rollLine = ({ namespace, pods, why, ...roll }: Roll): string =>
  `  ${describeRolled(roll)}${namespace === undefined ? "" : ` in ${namespace}`}: ${
    pods === undefined ? "a pod on each node" : count(pods, "pod")
  } (${describeRoll(why)})`;

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", title, ...lines];

export const planLines = (plan: UpgradePlan): ReadonlyArray<string> => {
  const { budget, limits, identityChanges, hooks, isFirst } = plan;
  if (!planHasChanges(plan)) {
    return [
      ...limits.map((limit) => `not known: ${describeLimit(limit)}`),
      `No changes: the release already matches ${plan.toVersion} with these values.`,
    ];
  }
  return [
    isFirst
      ? `plan for a first installation of ${plan.toVersion} (dry run)`
      : `plan for ${plan.fromVersion} → ${plan.toVersion} (dry run)`,
    ...section("Values:", valueLines(plan.values)),
    ...section("CRDs:", crdLines(plan)),
    ...section("Objects:", [
      ...plan.objects.flatMap(objectLines),
      ...(identityChanges
        ? [`  ${isFirst ? "write" : "change"} Secret tars-identity: from the identity file`]
        : []),
    ]),
    ...section("Set by others on the cluster, and changed:", takenLines(plan.taken)),
    ...section("Hooks that run:", hooks.length === 0 ? [] : [`  ${hooks.join(", ")}`]),
    ...section("Images:", plan.images.map(imageLine)),
    ...section("Pods that will be replaced:", plan.rolls.map(rollLine)),
    ...section("Budget:", [
      isFirst
        ? `  --timeout ${budget.timeout}`
        : `  --timeout ${budget.timeout}; draining ${count(budget.replicas, "data-plane pod")} for up to ${budget.drain} each`,
    ]),
    ...section(
      "Not known:",
      limits.map((limit) => `  ${describeLimit(limit)}`),
    ),
  ];
};
