/** What an upgrade or a rollback did beyond what was asked for, or could not do. */
import { Schema } from "effect";
import { Deviation } from "../../rollout/deviation.ts";

export const CHANGE_WARNINGS = {
  "upgrade-doomed": { why: Schema.String },
  "rollback-retried": { refused: Schema.String },
  "object-restored": { object: Schema.String, why: Deviation },
  "scale-restored": {
    object: Schema.String,
    field: Schema.String,
    live: Schema.Int,
    manifest: Schema.Int,
  },
  "foreign-settings-stay": { cause: Schema.String },
  "identity-not-restored": { cause: Schema.String },
  "stale-revision-superseded": { revision: Schema.Int },
  "stale-revision-stays": { revision: Schema.Int, cause: Schema.String },
  "gate-not-recorded": { cause: Schema.String },
  "failure-report-not-kept": { cause: Schema.String },
  "event-not-written": { cause: Schema.String },
} as const;
