/** The chart as Helm keeps it in a release's record: everything but the charts that it depends on. */

import { isJsonObject, type JsonObject } from "../kube/json.ts";
import { fieldAt, listAt, stringAt } from "../kube/objects.ts";

interface ChartFile {
  /** From the root of the chart, with forward slashes. */
  readonly path: string;
  readonly content: Uint8Array;
}

export interface StoredChart {
  readonly name: string;
  readonly version: string;
  readonly files: ReadonlyArray<ChartFile>;
}

/** The record is the cluster's word: nothing of it may end up beside the chart. */
const isInside = (path: string): boolean =>
  path !== "" &&
  !path.includes("\\") &&
  !path.includes("\0") &&
  path.split("/").every((part) => part !== "" && part !== "." && part !== "..");

const json = (path: string, value: JsonObject): ChartFile => ({
  path,
  content: Buffer.from(JSON.stringify(value)),
});

const MADE = new Set(["Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json"]);

const kept = (record: unknown, field: "templates" | "files"): ReadonlyArray<ChartFile> =>
  listAt(record, "chart", field).flatMap((file) => {
    const [path, data] = [stringAt(file, "name"), stringAt(file, "data")];
    return path === undefined || data === undefined || !isInside(path) || MADE.has(path)
      ? []
      : [{ path, content: Buffer.from(data, "base64") }];
  });

/** Without its dependencies, which are not kept: whether it renders to the same without them has to be seen. */
export const storedChart = (record: unknown): StoredChart | undefined => {
  const about = fieldAt(record, "chart", "metadata");
  const [name, version] = [stringAt(about, "name"), stringAt(about, "version")];
  if (!isJsonObject(about) || name === undefined || version === undefined) return undefined;
  const { dependencies: _, ...own } = about;
  const values = fieldAt(record, "chart", "values");
  const schema = stringAt(record, "chart", "schema");
  return {
    name,
    version,
    files: [
      json("Chart.yaml", own),
      json("values.yaml", isJsonObject(values) ? values : {}),
      ...(schema === undefined
        ? []
        : [{ path: "values.schema.json", content: Buffer.from(schema, "base64") }]),
      ...kept(record, "templates"),
      ...kept(record, "files"),
    ],
  };
};
