/** The release as it is found, and what its values and this run's flags come to. */
import { Schema } from "effect";
import { FlawedRecord } from "../../release/record-flaw.ts";

const Source = Schema.Literals(["flag", "release", "identity"]);

export const DISCOVERY_WARNINGS = {
  "record-flawed": { namespace: Schema.String, record: FlawedRecord },
  "deployed-unproven": { revision: Schema.Int, goesBackTo: Schema.UndefinedOr(Schema.Int) },
  "service-account-changes": { given: Schema.String, live: Schema.String },
  "scale-kept": {
    object: Schema.String,
    field: Schema.String,
    live: Schema.Int,
    chart: Schema.Int,
    /** Path of the chart's value. */
    value: Schema.String,
  },
  "sources-differ": { path: Schema.String, used: Source, ignored: Source },
  "collector-endpoint-insecure": {},
  "flag-set-at-installation": {
    given: Schema.String,
    key: Schema.String,
    configMap: Schema.String,
    live: Schema.UndefinedOr(Schema.String),
    /** The command that does what the flag cannot. */
    command: Schema.UndefinedOr(Schema.String),
  },
  "flag-needs-collector": { given: Schema.String },
  "flag-unused": { given: Schema.String },
  "embedded-crds-missing": { crds: Schema.Array(Schema.String) },
  "history-incomplete": { cause: Schema.String },
} as const;
