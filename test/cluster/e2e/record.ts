/** Helm's stored records, as backup tools, editors and cluster upgrades leave them behind. */
import { gunzipSync, gzipSync } from "node:zlib";
import { kubectl } from "../cluster.ts";
import type { Unstructured } from "../unstructured.ts";
import type { Operator } from "./tare.ts";

export const recordName = (revision: number): string => `sh.helm.release.v1.tars.v${revision}`;

export const recordWords = (revision: number): ReadonlyArray<string> => [
  "secret",
  recordName(revision),
  "-n",
  "tars-system",
];

export const encodeRecord = (record: unknown): string =>
  Buffer.from(gzipSync(JSON.stringify(record)).toString("base64")).toString("base64");

export const readSecret = async ({ cluster }: Operator, revision: number): Promise<Unstructured> =>
  JSON.parse(await kubectl(cluster, ["get", ...recordWords(revision), "-o", "json"]));

export const decodeRecord = (secret: Unstructured): Unstructured =>
  JSON.parse(
    gunzipSync(
      Buffer.from(Buffer.from(secret.data.release, "base64").toString(), "base64"),
    ).toString(),
  );

/** What is left in the place of a record. */
export const putRecord = async (
  { cluster }: Operator,
  revision: number,
  release: string,
  labels: Readonly<Record<string, string>> = {
    owner: "helm",
    name: "tars",
    status: "deployed",
    version: String(revision),
  },
): Promise<void> => {
  const input = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: recordName(revision), namespace: "tars-system", labels },
    type: "helm.sh/release.v1",
    data: { release },
  };
  await kubectl(cluster, ["create", "-f", "-"], { input });
};

/** Changes what a record holds, and nothing else of it. */
export const editRecord = async (
  who: Operator,
  revision: number,
  edit: (record: Unstructured) => void,
): Promise<void> => {
  const secret = await readSecret(who, revision);
  const record = decodeRecord(secret);
  edit(record);
  const input = { ...secret, data: { release: encodeRecord(record) } };
  await kubectl(who.cluster, ["replace", "-f", "-"], { input });
};
