import type { TimelineRow } from "../../domain/events/timeline.ts";
import { showActor } from "../../domain/processes/actor.ts";
import { describeCause } from "../../words/events/causes.ts";
import { columnsOf, padColumns } from "./columns.ts";

const HEADINGS = [
  "REVISION",
  "OPERATION",
  "STATUS",
  "VERSION",
  "STARTED",
  "TOOK",
  "BY",
  "STREAMS CUT",
  "REPORTED",
  "CAUSE",
];
const NOT_KNOWN = "-";
/** A cause is a kilobyte at most; a line of a table is for reading. */
const CAUSE_LENGTH = 100;

const took = (seconds: number | undefined): string => {
  if (seconds === undefined) return NOT_KNOWN;
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const parts = [hours > 0 ? `${hours}h` : "", minutes > 0 ? `${minutes}m` : ""];
  return `${parts.join("")}${seconds % 60}s`;
};

const minute = (at: string): string => {
  const millis = Date.parse(at);
  return Number.isNaN(millis)
    ? NOT_KNOWN
    : `${new Date(millis).toISOString().slice(0, 19).replace("T", " ")}Z`;
};

const version = ({ fromVersion, toVersion }: TimelineRow): string =>
  fromVersion === undefined
    ? (toVersion ?? NOT_KNOWN)
    : `${fromVersion} → ${toVersion ?? NOT_KNOWN}`;

const shortened = (cause: string): string =>
  cause.length > CAUSE_LENGTH ? `${cause.slice(0, CAUSE_LENGTH - 1)}…` : cause;

const cells = (row: TimelineRow): ReadonlyArray<string> => [
  String(row.revision ?? NOT_KNOWN),
  row.operation,
  row.status,
  version(row),
  minute(row.startedAt),
  took(row.seconds),
  row.actor === undefined ? NOT_KNOWN : showActor(row.actor),
  String(row.streams?.cut ?? NOT_KNOWN),
  row.reported === "unreported" ? NOT_KNOWN : row.reported,
  shortened(row.cause === undefined ? "" : describeCause(row.cause)),
];

/** A table, oldest first, as `helm history` prints its own. */
export const historyLines = (rows: ReadonlyArray<TimelineRow>): ReadonlyArray<string> => {
  const table = [HEADINGS, ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...table.map((line) => columnsOf(line[column] ?? ""))),
  );
  return table.map((line) =>
    line
      .map((cell, column) => padColumns(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
};

const NEXT_RUN =
  "The next tare upgrade takes its lock over; where Helm left the release pending, --recover goes back to the last good revision first.";

const deathNote = ({ revision, cause }: TimelineRow): string =>
  `revision ${revision}: ${cause === undefined ? "" : describeCause(cause)}`;

/** What became of runs that died, in full: a line of the table has no room for it. */
export const deathNotes = (rows: ReadonlyArray<TimelineRow>): ReadonlyArray<string> => {
  const died = rows.filter(({ status }) => status === "died");
  return died.length === 0 ? [] : ["", ...died.map(deathNote), NEXT_RUN];
};
