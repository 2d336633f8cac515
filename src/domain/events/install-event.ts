import { createHash } from "node:crypto";
import { Schema } from "effect";
import { Actor } from "../processes/actor.ts";
import type { ReleaseRef } from "../release/release.ts";
import { cutInAll, type StreamTally } from "../streams/tally.ts";
import { redactText, truncateUtf8 } from "../text/redaction.ts";
import { visible } from "../text/visible.ts";

export const EVENT_SCHEMA_VERSION = 1;
export const INSTALL_EVENT_LABELS = { "tars.io/component": "install-event" } as const;
export const ERROR_SUMMARY_MAX_BYTES = 1_024;

const Text = Schema.String;
const EventId = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u),
).annotate({
  description: "The row's key: the same fact has the same id, no matter what reports it.",
});
/** RFC 3339, UTC. */
const Timestamp = Schema.String.check(
  Schema.isPattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/u),
);
const Summary = Schema.String.check(
  Schema.isMaxLength(ERROR_SUMMARY_MAX_BYTES),
  Schema.makeFilter((text: string) => Buffer.byteLength(text) <= ERROR_SUMMARY_MAX_BYTES),
).annotate({ description: "One line, redacted, at most 1 KiB of UTF-8." });

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
  chart_version: Schema.optionalKey(
    Text.annotate({
      description: "Of the chart that was installed or that was attempted, changed or not.",
    }),
  ),
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
    }).annotate({
      description:
        "Streams that were open on the data plane when the run began, how many it cut, and of which proxies: the most of them first, at most 20. They went with the proxy, or with a listener of it that was replaced.",
    }),
  ),
  started_at: Timestamp,
  finished_at: Schema.optionalKey(
    Timestamp.annotate({ description: "Absent where no record tells when it ended." }),
  ),
  cli_version: Text.annotate({ description: "Of the program that wrote this event." }),
  workspace_id: Text,
  /** Absent of what no run of tare did: Helm by hand, and what Helm did by itself. */
  actor: Schema.optionalKey(Actor.annotate({ description: "Who started the operation." })),
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
  | { readonly status: "failed"; readonly summary: string; readonly code: string };

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

const singleLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** An event has to stay small, however many proxies there are. */
const MOST_PROXIES = 20;

const streamsOf = (tally: StreamTally): NonNullable<InstallEvent["streams"]> => {
  const counts = { open_at_start: tally.openAtStart, cut: cutInAll(tally) };
  if (tally.cut.length === 0) return counts;
  const most = [...tally.cut].sort((left, right) => right.streams - left.streams);
  return {
    ...counts,
    cut_of: most.slice(0, MOST_PROXIES).map(({ pod, streams, by }) => ({ pod, streams, by })),
  };
};

export const installEvent = (facts: EventFacts): InstallEvent => ({
  schema_version: EVENT_SCHEMA_VERSION,
  event_id: eventId(facts.release, facts.subject, facts.operation),
  operation: facts.operation,
  status: facts.outcome.status,
  release: facts.release.name,
  namespace: facts.release.namespace,
  ...(facts.subject._tag === "Revision" ? { helm_revision: facts.subject.revision } : {}),
  ...(facts.toVersion !== undefined && facts.fromVersion !== facts.toVersion
    ? { from_version: facts.fromVersion, to_version: facts.toVersion }
    : {}),
  ...(facts.toVersion === undefined ? {} : { chart_version: facts.toVersion }),
  ...(facts.outcome.status === "failed"
    ? {
        error_summary: truncateUtf8(
          visible(singleLine(redactText(facts.outcome.summary))),
          ERROR_SUMMARY_MAX_BYTES,
        ),
        error_code: facts.outcome.code,
      }
    : {}),
  ...(facts.streams === undefined ? {} : { streams: streamsOf(facts.streams) }),
  started_at: facts.startedAt.toISOString(),
  ...(facts.finishedAt === undefined ? {} : { finished_at: facts.finishedAt.toISOString() }),
  cli_version: facts.cliVersion,
  workspace_id: facts.workspaceId,
  ...(facts.actor === undefined ? {} : { actor: facts.actor }),
  source: facts.source,
});
