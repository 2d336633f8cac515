/** An event as it is written: its cause in words, which must be small, on one line, and without secrets. */
import {
  ERROR_SUMMARY_MAX_BYTES,
  EVENT_SCHEMA_VERSION,
  type EventFacts,
  eventId,
  type InstallEvent,
} from "../../domain/events/install-event.ts";
import { cutInAll, type StreamTally } from "../../domain/streams/tally.ts";
import { redactText, truncateUtf8 } from "../../domain/text/redaction.ts";
import { visible } from "../../domain/text/visible.ts";
import { describeCause } from "./causes.ts";

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
          visible(singleLine(redactText(describeCause(facts.outcome.cause)))),
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
