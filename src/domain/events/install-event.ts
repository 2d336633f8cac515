import { createHash } from "node:crypto";
import { Schema } from "effect";
import { Actor } from "../processes/actor.ts";
import type { ReleaseRef } from "../release/release.ts";
import type { StreamTally } from "../streams/tally.ts";
import type { FailureCause } from "./failure-cause.ts";

export const EVENT_SCHEMA_VERSION = 1;
export const INSTALL_EVENT_LABELS = { "tars.io/component": "install-event" } as const;
export const ERROR_SUMMARY_MAX_BYTES = 1_024;

const Text = Schema.String;
/** The row's key. */
const EventId = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u),
);
/** RFC 3339, UTC. */
const Timestamp = Schema.String.check(
  Schema.isPattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/u),
);
const Summary = Schema.String.check(
  Schema.isMaxLength(ERROR_SUMMARY_MAX_BYTES),
  Schema.makeFilter((text: string) => Buffer.byteLength(text) <= ERROR_SUMMARY_MAX_BYTES),
);

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

export const OPERATIONS = ["install", "upgrade", "rollback", "uninstall"] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * What the management plane's deployment history is made of; one event is one row, and its `event_id` is the row's key. The
 * JSON Schema in the docs is generated from this.
 */
export const InstallEvent = Schema.Struct({
  schema_version: Schema.Literal(EVENT_SCHEMA_VERSION),
  event_id: EventId,
  operation: Schema.Literals(OPERATIONS),
  status: Schema.Literals(["success", "failed"]),
  release: Text,
  namespace: Text,
  /** Absent when the run failed before Helm wrote a revision. */
  helm_revision: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  /** Both, where they differ. */
  from_version: Schema.optionalKey(Text),
  to_version: Schema.optionalKey(Text),
  /** Changed or not. */
  chart_version: Schema.optionalKey(Text),
  /** One line, redacted, at most 1 KiB of UTF-8. */
  error_summary: Schema.optionalKey(Summary),
  error_code: Schema.optionalKey(Text),
  /** On the data plane; absent where they could not be counted. */
  streams: Schema.optionalKey(
    Schema.Struct({
      open_at_start: Count,
      cut: Count,
      cut_of: Schema.optionalKey(
        Schema.Array(
          Schema.Struct({ pod: Text, streams: Count, by: Schema.Literals(["proxy", "listener"]) }),
        ),
      ),
    }),
  ),
  started_at: Timestamp,
  /** Absent where no record tells when it ended. */
  finished_at: Schema.optionalKey(Timestamp),
  /** Of the program that wrote this event. */
  cli_version: Text,
  workspace_id: Text,
  /** Absent of what no run of tare did: Helm by hand, and what Helm did by itself. */
  actor: Schema.optionalKey(Actor),
  source: Schema.Literals(["cli", "doctor"]),
});
export type InstallEvent = typeof InstallEvent.Type;

/** What makes two reports the same fact. */
export type EventSubject =
  | {
      readonly _tag: "Revision";
      readonly revision: number;
      /** When Helm began it, or the UID of its record: a reinstalled release starts again at 1. */
      readonly identity: string;
    }
  | { readonly _tag: "Run"; readonly runId: string };

const subjectParts = (subject: EventSubject): ReadonlyArray<string> =>
  subject._tag === "Revision"
    ? ["revision", String(subject.revision), subject.identity]
    : ["run", subject.runId];

/** A UUID (version 8, as RFC 9562 calls one made from a hash of our own choosing): same fact, same id. */
export const eventId = (
  { namespace, name }: ReleaseRef,
  subject: EventSubject,
  operation: Operation,
): string => {
  const digest = createHash("sha256")
    .update(JSON.stringify([namespace, name, ...subjectParts(subject), operation]))
    .digest();
  digest[6] = ((digest[6] as number) & 0x0f) | 0x80;
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80;
  const hex = digest.toString("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join("-");
};

/** The outbox entry's name: derived from the event's id, so that writing it twice is writing it once. */
export const eventObjectName = ({ event_id, operation }: InstallEvent): string =>
  `tare-event-${operation}-${event_id}`;

export type EventOutcome =
  | { readonly status: "success" }
  | { readonly status: "failed"; readonly cause: FailureCause; readonly code: string };

export interface EventFacts {
  readonly release: ReleaseRef;
  readonly subject: EventSubject;
  readonly operation: Operation;
  readonly outcome: EventOutcome;
  readonly fromVersion: string;
  readonly toVersion: string | undefined;
  readonly startedAt: Date;
  /** Left out where no record tells. */
  readonly finishedAt?: Date | undefined;
  readonly cliVersion: string;
  readonly workspaceId: string;
  readonly actor?: Actor | undefined;
  readonly source: InstallEvent["source"];
  readonly streams?: StreamTally;
}
