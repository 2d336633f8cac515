import type { EventBrief } from "../../domain/events/doctor-report.ts";
import type { ReportEvent } from "../../domain/report/report.ts";
import { describeEventReason, describeLeftAlone } from "../../words/events/doctor.ts";

/** A tick after a long outage: the first ones tell enough. */
const SHOWN = 20;

const subject = ({ name, operation, revision }: EventBrief): string => {
  if (operation === undefined) return name;
  return revision === undefined ? `${operation} (${name})` : `${operation} of revision ${revision}`;
};

const line = (event: EventBrief): string =>
  `  ${subject(event)}${event.reason === undefined ? "" : `: ${describeEventReason(event.reason)}`}`;

const section = (title: string, events: ReadonlyArray<EventBrief>): ReadonlyArray<string> =>
  events.length === 0
    ? []
    : [
        `${title}: ${events.length}`,
        ...events.slice(0, SHOWN).map(line),
        ...(events.length > SHOWN ? [`  and ${events.length - SHOWN} more`] : []),
      ];

const sendAgainLines = (command: string): ReadonlyArray<string> => [
  "  To have all rejected ones sent again:",
  `  ${command}`,
];

export const doctorLines = ({
  release: { name, namespace },
  report: { dryRun, added, forwarded, rejected, kept, removed, leftAlone },
  sendAgain,
}: Extract<ReportEvent, { readonly _tag: "DoctorTicked" }>): ReadonlyArray<string> => {
  const lines = [
    ...section(dryRun ? "would add missing history rows" : "added missing history rows", added),
    ...section(dryRun ? "would forward" : "forwarded", forwarded),
    ...section("rejected by the management plane", rejected),
    ...(sendAgain === undefined ? [] : sendAgainLines(sendAgain)),
    ...section("pending (will retry)", kept),
    ...(removed === 0 ? [] : [`${dryRun ? "would remove" : "removed"} old events: ${removed}`]),
    ...(leftAlone === undefined ? [] : [`history left alone: ${describeLeftAlone(leftAlone)}`]),
  ];
  const where = `release ${name} in ${namespace}`;
  return lines.length === 0 ? [`${where}: nothing to do`] : [where, ...lines];
};
