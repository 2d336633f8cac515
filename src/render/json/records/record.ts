/** What every line of `--output json` has, whatever its type. */
import { Schema } from "effect";

export const SCHEMA_VERSION = 2;

export const record = <const Type extends string, Fields extends Schema.Struct.Fields>(
  type: Type,
  description: string,
  fields: Fields,
) =>
  Schema.Struct({
    schemaVersion: Schema.Literal(SCHEMA_VERSION),
    type: Schema.Literal(type),
    /** ISO 8601, UTC. */
    time: Schema.String,
    ...fields,
  }).annotate({ identifier: type, description });

export const Texts = Schema.Array(Schema.String);

export const ReleaseName = Schema.Struct({ name: Schema.String, namespace: Schema.String });
