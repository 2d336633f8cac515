import { Schema } from "effect";
import { EVENT_SCHEMA_VERSION, InstallEvent } from "../../domain/events/install-event.ts";
import { Actor } from "../../domain/processes/actor.ts";

/** With what the published schema says of its fields. */
const DescribedActor = Schema.Struct({
  ...Actor.fields,
  user: Actor.fields.user.annotate({
    description: "Of the CI system where that tells, else of the machine.",
  }),
  job_url: Schema.optionalKey(
    Actor.fields.job_url.schema.annotate({
      description: "The CI job's page, without login and parameters.",
    }),
  ),
}).annotate({ description: "Who started the operation." });

const { fields } = InstallEvent;

const DescribedEvent = Schema.Struct({
  ...fields,
  event_id: fields.event_id.annotate({
    description: "The row's key: the same fact has the same id, no matter what reports it.",
  }),
  chart_version: Schema.optionalKey(
    fields.chart_version.schema.annotate({
      description: "Of the chart that was installed or that was attempted, changed or not.",
    }),
  ),
  error_summary: Schema.optionalKey(
    fields.error_summary.schema.annotate({
      description: "One line, redacted, at most 1 KiB of UTF-8.",
    }),
  ),
  streams: Schema.optionalKey(
    fields.streams.schema.annotate({
      description:
        "Streams that were open on the data plane when the run began, how many it cut, and of which proxies: the most of them first, at most 20. They went with the proxy, or with a listener of it that was replaced.",
    }),
  ),
  finished_at: Schema.optionalKey(
    fields.finished_at.schema.annotate({
      description: "Absent where no record tells when it ended.",
    }),
  ),
  cli_version: fields.cli_version.annotate({
    description: "Of the program that wrote this event.",
  }),
  actor: Schema.optionalKey(DescribedActor),
});

/** The JSON Schema (2020-12) of one event, as the management plane receives it. */
export const installEventJsonSchema = (): Readonly<Record<string, unknown>> => {
  const { schema, definitions } = Schema.toJsonSchemaDocument(DescribedEvent);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `Install event, schema version ${EVENT_SCHEMA_VERSION}`,
    ...schema,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
  };
};
