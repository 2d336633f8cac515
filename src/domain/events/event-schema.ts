import { Schema } from "effect";
import { EVENT_SCHEMA_VERSION, InstallEvent } from "./install-event.ts";

/** The JSON Schema (2020-12) of one event, as the management plane receives it. */
export const installEventJsonSchema = (): Readonly<Record<string, unknown>> => {
  const { schema, definitions } = Schema.toJsonSchemaDocument(InstallEvent);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `Install event, schema version ${EVENT_SCHEMA_VERSION}`,
    ...schema,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
  };
};
