/** Helm's release records as they are kept: JSON, gzipped and in base64; in a Secret once more encoded as all its data is. */
import { gunzipSync, gzipSync } from "node:zlib";
import type { Redacted } from "effect";
import type { RecordedRevision } from "../../domain/events/recorded-revision.ts";
import type { ApplyMethod } from "../../domain/helm/arguments.ts";
import { isJsonObject, type JsonObject, nestsTooDeeply } from "../../domain/kube/json.ts";
import { fieldAt, type KubeObject, numberAt, stringAt } from "../../domain/kube/objects.ts";
import { malformation, type RecordDamage } from "../../domain/release/record-flaw.ts";
import { type HistoryLine, type ReleaseRef, RevisionStatus } from "../../domain/release/release.ts";
import { redactText, truncateUtf8 } from "../../domain/text/redaction.ts";
import { storedSecrets } from "../../domain/values/lost-values.ts";
import { membersOf } from "./json-members.ts";

/** A chart and its manifest that Helm can store, a megabyte zipped, take no more; what swells beyond it is no record. */
const MAX_UNZIPPED_BYTES = 32 * 1024 * 1024;
/** A record is mostly text: so many values would be no record, and take far more memory as objects than as text. */
const MOST_VALUES = 500_000;
/** Below this there is no harm in them. */
const WORTH_COUNTING_BYTES = 2 * 1024 * 1024;

const [QUOTE, BACKSLASH, COMMA, BRACE, BRACKET] = Buffer.from('"\\,{[');

/** Without making anything of the text: what begins a value outside of strings is counted. */
const hasTooManyValues = (json: Buffer): boolean => {
  if (json.length < WORTH_COUNTING_BYTES) return false;
  let [values, inString] = [0, false];
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (inString && byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) inString = !inString;
    else if (!inString && (byte === COMMA || byte === BRACE || byte === BRACKET)) values += 1;
    if (values > MOST_VALUES) return true;
  }
  return false;
};

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);

const isZipped = (bytes: Buffer): boolean => bytes.subarray(0, GZIP.length).equals(GZIP);

const isRecord = (bytes: Buffer): boolean => isZipped(bytes) || bytes[0] === "{".charCodeAt(0);

/** A record of a ConfigMap is encoded once, that of a Secret twice. */
const once = (record: KubeObject): Buffer =>
  Buffer.from(stringAt(record, "data", "release") ?? "", "base64");

/** The bytes that Helm wrote: very old records are not zipped, and Helm reads them all the same. */
const storedBytes = (record: KubeObject): Buffer => {
  const bytes = once(record);
  return isRecord(bytes) ? bytes : Buffer.from(bytes.toString(), "base64");
};

/** The same Secret with another status in its record and its label; `undefined` when the record cannot be read. */
export const withRecordedStatus = (
  secret: KubeObject,
  status: RevisionStatus,
): KubeObject | undefined => {
  const record = decodeReleaseSecret(secret);
  const info = fieldAt(record, "info");
  if (!isJsonObject(record) || !isJsonObject(info)) return undefined;
  const json = Buffer.from(JSON.stringify({ ...record, info: { ...info, status } }));
  const bytes = isZipped(storedBytes(secret)) ? gzipSync(json, { level: 9 }) : json;
  return {
    ...secret,
    metadata: { ...secret.metadata, labels: { ...secret.metadata.labels, status } },
    data: {
      release: isRecord(once(secret))
        ? bytes.toString("base64")
        : Buffer.from(bytes.toString("base64")).toString("base64"),
    },
  };
};

interface Unreadable {
  readonly _tag: "Unreadable";
  readonly damage: RecordDamage;
}

type ReadRecord = { readonly _tag: "Record"; readonly record: unknown } | Unreadable;

const unreadable = (_tag: Exclude<RecordDamage["_tag"], "WrongType">): Unreadable => ({
  _tag: "Unreadable",
  damage: { _tag },
});

/** The JSON that is kept, or what keeps everybody from reading it. */
const recordJson = (
  record: KubeObject,
): { readonly _tag: "Json"; readonly json: Buffer } | Unreadable => {
  if ((stringAt(record, "data", "release") ?? "") === "") return unreadable("Empty");
  const bytes = storedBytes(record);
  if (!isRecord(bytes)) return unreadable("NeitherGzipNorJson");
  let json = bytes;
  try {
    if (isZipped(bytes)) json = gunzipSync(bytes, { maxOutputLength: MAX_UNZIPPED_BYTES });
  } catch (cause) {
    return unreadable(
      (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? "TooLarge" : "BrokenGzip",
    );
  }
  return hasTooManyValues(json) ? unreadable("TooManyValues") : { _tag: "Json", json };
};

const parsed = (json: Buffer): ReadRecord => {
  let inside: unknown;
  try {
    inside = JSON.parse(json.toString());
  } catch {
    return unreadable("NoJson");
  }
  return nestsTooDeeply(inside) ? unreadable("TooDeep") : { _tag: "Record", record: inside };
};

/** What is inside, or what keeps everybody from reading it. */
export const readReleaseRecord = (record: KubeObject): ReadRecord => {
  const read = recordJson(record);
  return read._tag === "Json" ? parsed(read.json) : read;
};

/** More than any values that were ever written by hand: what Helm quotes of them is not told, since to mask it takes too long. */
const MOST_MASKABLE_BYTES = 512 * 1024;

/** The fields that the history needs, without the manifest and the chart's files, which are nearly all of a record. */
const briefRecord = (secret: KubeObject): unknown => {
  const read = recordJson(secret);
  const members = read._tag === "Json" ? membersOf(read.json) : undefined;
  if (members === undefined) return undefined;
  const [chart, config] = [members.get("chart"), members.get("config")];
  const isMaskable = config === undefined || config.length <= MOST_MASKABLE_BYTES;
  const parts = [
    ["version", members.get("version")],
    ["info", members.get("info")],
    ["metadata", chart && membersOf(chart)?.get("metadata")],
    ["config", isMaskable ? (config ?? Buffer.from("{}")) : undefined],
  ] as const;
  const record: Record<string, unknown> = {};
  for (const [name, json] of parts) {
    const part = json === undefined ? undefined : parsed(json);
    if (part?._tag === "Unreadable") return undefined;
    record[name] = part?.record;
  }
  const { metadata, info, ...rest } = record;
  const told = isMaskable || !isJsonObject(info) ? info : { ...info, description: "" };
  return { ...rest, chart: { metadata }, info: told };
};

/** The record inside; `undefined` when it cannot be read. */
export const decodeReleaseSecret = (secret: KubeObject): unknown => {
  const read = readReleaseRecord(secret);
  return read._tag === "Record" ? read.record : undefined;
};

/** The time of the last write, which Helm's own `modifiedAt` label does not tell. */
const writtenAt = ({ metadata }: KubeObject): string | undefined =>
  (metadata.managedFields ?? [])
    .flatMap((entry) => stringAt(entry, "time") ?? [])
    .sort()
    .at(-1);

const statusOf = (text: string | undefined): RevisionStatus =>
  RevisionStatus.literals.find((status) => status === text) ?? "unknown";

const MISSING = "MISSING";

/** Of Helm's own are a few lines; more is not looked through for secrets, which takes time. */
const LONGEST_DESCRIPTION_BYTES = 16 * 1024;

const descriptionOf = (record: unknown): string =>
  truncateUtf8(stringAt(record, "info", "description") ?? "", LONGEST_DESCRIPTION_BYTES);

/** As Helm 4.3 and newer note it; what is no number of a revision is passed over. */
const rollbackOf = (record: unknown) => {
  const revision = numberAt(record, "info", "rollback_revision");
  return Number.isSafeInteger(revision) && (revision ?? 0) > 0
    ? { rollback_revision: revision as number }
    : {};
};

/** The line of `helm history` for a Secret; nothing when its record cannot be read: Helm passes such ones over too. */
export const historyLine = (secret: KubeObject): HistoryLine | undefined => {
  const record = decodeReleaseSecret(secret);
  const revision = numberAt(record, "version");
  if (revision === undefined || malformation(record) !== undefined) return undefined;
  const chart = fieldAt(record, "chart", "metadata") ?? undefined;
  const updated = stringAt(record, "info", "last_deployed");
  return {
    revision,
    ...(updated === undefined || updated === "" ? {} : { updated }),
    status: stringAt(record, "info", "status") ?? "",
    chart:
      chart === undefined
        ? MISSING
        : `${stringAt(chart, "name") ?? ""}-${stringAt(chart, "version") ?? ""}`,
    app_version: chart === undefined ? MISSING : (stringAt(chart, "appVersion") ?? ""),
    description: descriptionOf(record),
    ...rollbackOf(record),
  };
};

type Secrets = ReadonlyArray<Redacted.Redacted<string>>;

export interface ToldRevision {
  readonly revision: RecordedRevision;
  /** Of its own values: later revisions can quote them, when they fail on the way from this one. `undefined` where they are too large to be read. */
  readonly secrets: Secrets | undefined;
}

/**
 * Nothing for a Secret whose record cannot be read: Helm passes such ones over too.
 * @param earlier secrets of what ran before it; where they are not known, nothing of Helm's own words is told
 */
export const recordedRevision = (
  secret: KubeObject,
  earlier: Secrets | undefined,
): ToldRevision | undefined => {
  const record = briefRecord(secret);
  const [revision, uid] = [numberAt(record, "version"), secret.metadata.uid];
  if (revision === undefined || uid === undefined) return undefined;
  const [name, version] = ["name", "version"].map((field) =>
    stringAt(record, "chart", "metadata", field),
  );
  const written = writtenAt(secret);
  const values = fieldAt(record, "config");
  // Helm quotes the hook or template that failed, and these can quote what they were given.
  const secrets = isJsonObject(values) ? storedSecrets(values) : values === null ? [] : undefined;
  const startedAt =
    stringAt(record, "info", "last_deployed") || secret.metadata.creationTimestamp || "";
  const told: RecordedRevision = {
    revision,
    uid,
    status: statusOf(stringAt(record, "info", "status")),
    chart: `${name ?? "unknown"}-${version ?? "0.0.0"}`,
    description:
      secrets === undefined || earlier === undefined
        ? ""
        : redactText(descriptionOf(record), [...secrets, ...earlier]),
    ...rollbackOf(record),
    updated: startedAt,
    startedAt,
    writtenAt: written,
  };
  return { revision: told, secrets };
};

/** What Helm was given for a revision, and what it made of it. */
export interface RevisionContents {
  readonly values: JsonObject;
  readonly manifest: string;
  readonly applyMethod: ApplyMethod;
  readonly notes: string;
}

/** As Helm 4 records it; 3 records nothing. */
export const applyMethodOf = (recorded: unknown): ApplyMethod =>
  recorded === "ssa" ? "server" : "client";

/** `undefined` when the record cannot be read or is that of another revision. */
export const revisionContents = (
  secret: KubeObject,
  { name, namespace }: ReleaseRef,
  revision: number,
): RevisionContents | undefined => {
  const record = decodeReleaseSecret(secret);
  const isIt =
    stringAt(record, "name") === name &&
    stringAt(record, "namespace") === namespace &&
    numberAt(record, "version") === revision;
  const manifest = stringAt(record, "manifest");
  if (!isIt || manifest === undefined) return undefined;
  const values = fieldAt(record, "config");
  return {
    values: isJsonObject(values) ? values : {},
    manifest,
    applyMethod: applyMethodOf(fieldAt(record, "apply_method")),
    notes: stringAt(record, "info", "notes") ?? "",
  };
};

interface ReleaseIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly revision: number;
  readonly manifest: string;
}

export const storedRelease = (secret: KubeObject): ReleaseIdentity | undefined => {
  const record = decodeReleaseSecret(secret);
  const [name, namespace] = [stringAt(record, "name"), stringAt(record, "namespace")];
  return name === undefined || namespace === undefined
    ? undefined
    : {
        name,
        namespace,
        revision: numberAt(record, "version") ?? 0,
        manifest: stringAt(record, "manifest") ?? "",
      };
};
