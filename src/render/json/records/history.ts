/** The lines about the deployment history, and what becomes of its events. */
import { Schema } from "effect";
import { OPERATIONS } from "../../../domain/events/install-event.ts";
import { DELIVERIES } from "../../../domain/events/outbox-entry.ts";
import { ROW_STATUSES } from "../../../domain/events/timeline.ts";
import { ReleaseName, record } from "./record.ts";

const Event = Schema.Struct({
  name: Schema.String,
  operation: Schema.optionalKey(Schema.Literals(OPERATIONS)),
  revision: Schema.optionalKey(Schema.Int),
  reason: Schema.optionalKey(Schema.String),
});

export const DoctorTicked = record("doctor", "What one tick of tare doctor did, or would do.", {
  release: ReleaseName,
  dryRun: Schema.Boolean,
  added: Schema.Array(Event),
  forwarded: Schema.Array(Event),
  rejected: Schema.Array(Event),
  kept: Schema.Array(Event),
  removed: Schema.Int,
  stoppedBecause: Schema.optionalKey(Schema.String),
  leftAlone: Schema.optionalKey(Schema.String),
});

export const HistoryRead = record("history", "The timeline of a release, oldest first.", {
  release: ReleaseName,
  rows: Schema.Array(
    Schema.Struct({
      revision: Schema.optionalKey(Schema.Int),
      operation: Schema.Literals(OPERATIONS),
      status: Schema.Literals(ROW_STATUSES),
      fromVersion: Schema.optionalKey(Schema.String),
      toVersion: Schema.optionalKey(Schema.String),
      startedAt: Schema.String,
      finishedAt: Schema.optionalKey(Schema.String),
      durationSeconds: Schema.optionalKey(Schema.Int),
      cause: Schema.optionalKey(Schema.String),
      actor: Schema.optionalKey(
        Schema.Struct({
          user: Schema.String,
          host: Schema.String,
          jobUrl: Schema.optionalKey(Schema.String),
        }),
      ),
      streams: Schema.optionalKey(
        Schema.Struct({
          openAtStart: Schema.Int,
          cut: Schema.Int,
          cutOf: Schema.optionalKey(
            Schema.Array(
              Schema.Struct({
                pod: Schema.String,
                streams: Schema.Int,
                by: Schema.Literals(["proxy", "listener"]),
              }),
            ),
          ),
        }),
      ),
      reported: Schema.Literals([...DELIVERIES, "unreported"]),
    }),
  ),
});
