/** Helm's release records, kept as Secrets in the release's namespace as Helm keeps them. */
import { Effect } from "effect";
import { isJsonObject, type JsonObject } from "../../../src/domain/kube/json.ts";
import { type KubeObject, Secret, stringAt } from "../../../src/domain/kube/objects.ts";
import { malformation } from "../../../src/domain/release/record-flaw.ts";
import type { ReleaseRef, Revision, RevisionStatus } from "../../../src/domain/release/release.ts";
import type { Kubectl, KubectlError } from "../../../src/services/kube/Kubectl.ts";
import { readReleaseRecord } from "../../../src/services/release/release-secret.ts";
import type { ChartHook } from "./chart.ts";

export type ApplyMethod = "csa" | "ssa";

export interface ReleaseRecord {
  readonly name: string;
  readonly namespace: string;
  readonly version: number;
  readonly info: {
    readonly status: RevisionStatus;
    readonly description: string;
    readonly first_deployed: string;
    readonly last_deployed: string;
    readonly notes?: string;
  };
  readonly chart: {
    readonly metadata: { readonly name: string; readonly version: string };
    readonly values?: JsonObject;
  };
  readonly config: JsonObject | null;
  /** Documents separated by `---`. */
  readonly manifest: string;
  readonly hooks?: ReadonlyArray<ChartHook>;
  /** Absent in records of Helm 3. */
  readonly apply_method?: ApplyMethod;
}

type Api = Kubectl["Service"];

export const recordName = ({ name }: ReleaseRef, version: number): string =>
  `sh.helm.release.v1.${name}.v${version}`;

const SEPARATOR = "\n---\n";

export const manifestText = (objects: ReadonlyArray<KubeObject>): string =>
  objects.map((object) => JSON.stringify(object)).join(SEPARATOR);

export const manifestObjects = ({ manifest }: ReleaseRecord): ReadonlyArray<KubeObject> =>
  manifest === "" ? [] : manifest.split(SEPARATOR).map((text) => JSON.parse(text) as KubeObject);

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const plain = (text: string): string => Buffer.from(text, "base64").toString("utf8");

/** Encoded twice, once by Helm and once by the API; unzipped, which Helm reads too. */
export const recordSecret = (record: ReleaseRecord): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: recordName(record, record.version),
    namespace: record.namespace,
    labels: {
      owner: "helm",
      name: record.name,
      status: record.info.status,
      version: String(record.version),
    },
  },
  type: "helm.sh/release.v1",
  data: { release: base64(base64(JSON.stringify(record))) },
});

const decoded = new WeakMap<KubeObject, ReleaseRecord>();

export const recordOf = (secret: KubeObject): ReleaseRecord => {
  const known = decoded.get(secret);
  if (known !== undefined) return known;
  const once = plain(stringAt(secret, "data", "release") ?? "");
  // A ConfigMap's data is not encoded once more.
  const text = once.startsWith("{") ? once : plain(once);
  const record = JSON.parse(text) as ReleaseRecord;
  decoded.set(secret, record);
  return record;
};

/** Nothing for what Helm cannot read, which it passes over. */
const readableRecord = (secret: KubeObject): ReadonlyArray<ReleaseRecord> => {
  const known = decoded.get(secret);
  if (known !== undefined) return [known];
  const read = readReleaseRecord(secret);
  const isRead = read._tag === "Record" && malformation(read.record) === undefined;
  return isRead ? [read.record as ReleaseRecord] : [];
};

/** In the order of the Secrets' names, like the real one: v10 before v2. */
export const readRecords = (
  api: Api,
  release: ReleaseRef,
): Effect.Effect<ReadonlyArray<ReleaseRecord>, KubectlError> =>
  Effect.map(
    api.list({
      type: Secret,
      namespace: release.namespace,
      labelSelector: `owner=helm,name=${release.name}`,
    }),
    (secrets) => secrets.flatMap(readableRecord),
  );

export const readAllRecords = (
  api: Api,
): Effect.Effect<ReadonlyArray<ReleaseRecord>, KubectlError> =>
  Effect.map(api.list({ type: Secret, labelSelector: "owner=helm" }), (secrets) =>
    secrets.flatMap(readableRecord),
  );

export const createRecord = (api: Api, record: ReleaseRecord) =>
  api.create(Secret, recordSecret(record));

export const updateRecord = (api: Api, record: ReleaseRecord) =>
  api.replace(Secret, recordSecret(record));

export const deleteRecord = (api: Api, { name, namespace, version }: ReleaseRecord) =>
  api.delete({ type: Secret, name: recordName({ name, namespace }, version), namespace });

export const withStatus = (
  record: ReleaseRecord,
  status: RevisionStatus,
  description = record.info.description,
): ReleaseRecord => ({ ...record, info: { ...record.info, status, description } });

export const ascending = (records: ReadonlyArray<ReleaseRecord>): ReadonlyArray<ReleaseRecord> =>
  [...records].sort((a, b) => a.version - b.version);

/** The last of them as the API server lists their Secrets: which is v9 where there is a v10. */
export const lastListed = (records: ReadonlyArray<ReleaseRecord>): ReleaseRecord | undefined =>
  [...records]
    .sort((a, b) => (recordName(a, a.version) < recordName(b, b.version) ? -1 : 1))
    .at(-1);

/** A line of `helm history -o json`. */
export const historyEntry = (record: ReleaseRecord): Revision => ({
  revision: record.version,
  updated: record.info.last_deployed,
  status: record.info.status,
  chart: `${record.chart.metadata.name}-${record.chart.metadata.version}`,
  description: record.info.description,
});

export const configOf = ({ config }: ReleaseRecord): JsonObject =>
  isJsonObject(config) ? config : {};

/** Edits a record's Secret: the same revision in another state. */
export const withRevisionStatus =
  (status: RevisionStatus) =>
  (secret: KubeObject): KubeObject => ({
    ...secret,
    ...recordSecret(withStatus(recordOf(secret), status)),
  });
