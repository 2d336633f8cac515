/** What is said in a record of `--output json`, before it has its time. */
import type { OutputRecord } from "../json-records.ts";
import { SCHEMA_VERSION } from "../records/record.ts";

export type Body = OutputRecord extends infer Record
  ? Record extends OutputRecord
    ? Omit<Record, "schemaVersion" | "time">
    : never
  : never;

export const outputRecord = (time: string, body: Body): OutputRecord =>
  ({ schemaVersion: SCHEMA_VERSION, time, ...body }) as OutputRecord;

/** The member, unless there is nothing to say: absent is absent in JSON, never `null`. */
export const member = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } =>
  (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };
