/**
 * Records of Helm's that an upgrade stumbles over. Helm finds them by their labels, goes by what is in them, and passes over
 * what it cannot read, until it wants to write a record of that name.
 */
import { Schema } from "effect";
import { isJsonObject } from "../kube/json.ts";
import { fieldAt, numberAt, stringAt } from "../kube/objects.ts";
import {
  deployedRevision,
  type History,
  lastRevision,
  type ReleaseRef,
  releaseSecretName,
} from "./release.ts";

const MisleadingLabel = Schema.Struct({
  label: Schema.String,
  /** Nothing where there is no such label. */
  says: Schema.UndefinedOr(Schema.String),
  /** What the record says. */
  record: Schema.String,
});
export type MisleadingLabel = typeof MisleadingLabel.Type;

/** What keeps a record from being read. */
const RecordDamage = Schema.Union([
  Schema.Struct({
    _tag: Schema.Literals([
      "Empty",
      "NeitherGzipNorJson",
      "TooLarge",
      "BrokenGzip",
      "TooManyValues",
      "TooDeep",
      "NoJson",
      "NoRecord",
      "NoRevision",
    ]),
  }),
  Schema.Struct({
    _tag: Schema.Literal("WrongType"),
    path: Schema.String,
    type: Schema.Literals(["string", "object", "list"]),
  }),
]);
export type RecordDamage = typeof RecordDamage.Type;

const RecordFlaw = Schema.Union([
  Schema.Struct({ _tag: Schema.Literal("Unreadable"), damage: RecordDamage }),
  /** It holds another revision than its name says, of this release or another one. */
  Schema.Struct({
    _tag: Schema.Literal("Misplaced"),
    revision: Schema.UndefinedOr(Schema.Number),
    name: Schema.UndefinedOr(Schema.String),
    namespace: Schema.UndefinedOr(Schema.String),
  }),
  Schema.Struct({ _tag: Schema.Literal("Mislabelled"), labels: Schema.Array(MisleadingLabel) }),
]);
export type RecordFlaw = typeof RecordFlaw.Type;

export const FlawedRecord = Schema.Struct({
  /** `Secret` or `ConfigMap`. */
  kind: Schema.String,
  name: Schema.String,
  /** As its name says. */
  revision: Schema.Int,
  flaw: RecordFlaw,
});
export type FlawedRecord = typeof FlawedRecord.Type;

type Labels = Readonly<Record<string, string>>;

/** The revision that an object of this name holds; nothing where it is no name of a record. */
export const revisionNamed = (release: ReleaseRef, name: string): number | undefined => {
  const prefix = releaseSecretName(release, 0).slice(0, -1);
  const number = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^[1-9]\d*$/.test(number) ? Number(number) : undefined;
};

/** Go refuses the whole record for one field of another type; `null` is as good as nothing. */
const FIELDS: ReadonlyArray<readonly [path: string, type: "string" | "object" | "list"]> = [
  ["name", "string"],
  ["namespace", "string"],
  ["manifest", "string"],
  ["config", "object"],
  ["hooks", "list"],
  ["info", "object"],
  ["info.status", "string"],
  ["info.description", "string"],
  ["info.notes", "string"],
  ["info.first_deployed", "string"],
  ["info.last_deployed", "string"],
  ["chart", "object"],
  ["chart.metadata", "object"],
  ["chart.metadata.name", "string"],
  ["chart.metadata.version", "string"],
  ["chart.metadata.appVersion", "string"],
];

const isOf = (type: (typeof FIELDS)[number][1], value: unknown): boolean => {
  if (value === undefined || value === null) return true;
  if (type === "list") return Array.isArray(value);
  return type === "object" ? isJsonObject(value) : typeof value === "string";
};

/** What keeps Helm from reading a record that is JSON. */
export const malformation = (record: unknown): RecordDamage | undefined => {
  if (!isJsonObject(record)) return { _tag: "NoRecord" };
  const wrong = FIELDS.find(([path, type]) => !isOf(type, fieldAt(record, ...path.split("."))));
  if (wrong !== undefined) return { _tag: "WrongType", path: wrong[0], type: wrong[1] };
  return Number.isInteger(numberAt(record, "version")) ? undefined : { _tag: "NoRevision" };
};

const misleading = (
  { name }: ReleaseRef,
  labels: Labels,
  record: unknown,
): ReadonlyArray<MisleadingLabel> => {
  const status = stringAt(record, "info", "status") ?? "";
  const expected = { owner: "helm", name, version: String(numberAt(record, "version")), status };
  return Object.entries(expected).flatMap(([label, value]) => {
    const says = labels[label];
    if (says === value) return [];
    // Of all states Helm only looks for the deployed one.
    const matters = label !== "status" || [says, value].includes("deployed");
    return matters ? [{ label, says, record: value }] : [];
  });
};

/** @param record as it was read, or why it cannot be */
export const recordFlaw = (
  release: ReleaseRef,
  revision: number,
  labels: Labels,
  record:
    | { readonly _tag: "Record"; readonly record: unknown }
    | { readonly _tag: "Unreadable"; readonly damage: RecordDamage },
): RecordFlaw | undefined => {
  if (record._tag === "Unreadable") return record;
  const damage = malformation(record.record);
  if (damage !== undefined) return { _tag: "Unreadable", damage };
  const [name, namespace] = [stringAt(record.record, "name"), stringAt(record.record, "namespace")];
  const version = numberAt(record.record, "version");
  if (name !== release.name || namespace !== release.namespace || version !== revision) {
    return { _tag: "Misplaced", revision: version, name, namespace };
  }
  const wrong = misleading(release, labels, record.record);
  return wrong.length === 0 ? undefined : { _tag: "Mislabelled", labels: wrong };
};

const saysDeployed = ({ flaw }: FlawedRecord): boolean =>
  flaw._tag === "Mislabelled" && flaw.labels.some(({ says }) => says === "deployed");

/**
 * Whether an upgrade, or the rollback after it, would go wrong over it: it has the name of a record to come, or is what is
 * upgraded from or rolled back to.
 */
export const isInTheWay = (
  record: FlawedRecord,
  history: History,
  lastGood: number | undefined,
): boolean => {
  const newest = lastRevision(history)?.revision ?? 0;
  const deployed = deployedRevision(history)?.revision ?? 0;
  const { revision } = record;
  return (
    revision > newest ||
    [newest, deployed, lastGood].includes(revision) ||
    (saysDeployed(record) && revision > deployed)
  );
};
