import type { DoctorReport, EventBrief } from "../../../domain/events/doctor-report.ts";
import type { TimelineRow } from "../../../domain/events/timeline.ts";
import type { Actor } from "../../../domain/processes/actor.ts";
import type { ReleaseRef } from "../../../domain/release/release.ts";
import { describeCause } from "../../../words/events/causes.ts";
import {
  describeEventReason,
  describeLeftAlone,
  describeStop,
} from "../../../words/events/doctor.ts";
import { type Body, member } from "./body.ts";

const briefBody = ({ name, operation, revision, reason }: EventBrief) => ({
  name,
  ...member("operation", operation),
  ...member("revision", revision),
  ...member("reason", reason && describeEventReason(reason)),
});

export const doctorBody = (release: ReleaseRef, report: DoctorReport): Body => {
  const { dryRun, added, forwarded, rejected, kept, removed, stoppedBecause, leftAlone } = report;
  return {
    type: "doctor",
    release,
    dryRun,
    added: added.map(briefBody),
    forwarded: forwarded.map(briefBody),
    rejected: rejected.map(briefBody),
    kept: kept.map(briefBody),
    removed,
    ...member("stoppedBecause", stoppedBecause && describeStop(stoppedBecause)),
    ...member("leftAlone", leftAlone && describeLeftAlone(leftAlone)),
  };
};

const actorBody = ({ user, host, job_url: jobUrl }: Actor) => ({
  user,
  host,
  ...member("jobUrl", jobUrl),
});

export const rowBody = (row: TimelineRow) => ({
  ...member("revision", row.revision),
  operation: row.operation,
  status: row.status,
  ...member("fromVersion", row.fromVersion),
  ...member("toVersion", row.toVersion),
  startedAt: row.startedAt,
  ...member("finishedAt", row.finishedAt),
  ...member("durationSeconds", row.seconds),
  ...member("cause", row.cause && describeCause(row.cause)),
  ...(row.actor === undefined ? {} : { actor: actorBody(row.actor) }),
  ...(row.streams === undefined
    ? {}
    : {
        streams: {
          openAtStart: row.streams.open_at_start,
          cut: row.streams.cut,
          ...member("cutOf", row.streams.cut_of),
        },
      }),
  reported: row.reported,
});
