import type { DoctorReport, EventBrief } from "../domain/doctor-report.ts";
import type { ReleaseRef } from "../domain/release.ts";

/** A tick after a long outage: the first ones tell enough. */
const SHOWN = 20;

const subject = ({ name, operation, revision }: EventBrief): string => {
  if (operation === undefined) return name;
  return revision === undefined ? `${operation} (${name})` : `${operation} of revision ${revision}`;
};

const line = (event: EventBrief): string =>
  `  ${subject(event)}${event.reason === undefined ? "" : `: ${event.reason}`}`;

const section = (title: string, events: ReadonlyArray<EventBrief>): ReadonlyArray<string> =>
  events.length === 0
    ? []
    : [
        `${title}: ${events.length}`,
        ...events.slice(0, SHOWN).map(line),
        ...(events.length > SHOWN ? [`  and ${events.length - SHOWN} more`] : []),
      ];

/** A rejected event is not sent again by itself; once the cause is mended, this makes the next tick do so. */
const sendAgain = (namespace: string): ReadonlyArray<string> => [
  "  To have all rejected ones sent again:",
  `  kubectl label configmaps -n ${namespace} -l tars.io/component=install-event,tars.io/delivery=rejected tars.io/delivery=pending --overwrite`,
];

export const doctorLines = (
  { name, namespace }: ReleaseRef,
  { dryRun, added, forwarded, rejected, kept, removed, leftAlone }: DoctorReport,
): ReadonlyArray<string> => {
  const lines = [
    ...section(dryRun ? "would write what nobody told" : "wrote what nobody told", added),
    ...section(dryRun ? "would forward" : "forwarded", forwarded),
    ...section("rejected by the management plane", rejected),
    ...(rejected.length === 0 ? [] : sendAgain(namespace)),
    ...section("kept for the next tick", kept),
    ...(removed === 0 ? [] : [`${dryRun ? "would remove" : "removed"} old events: ${removed}`]),
    ...(leftAlone === undefined ? [] : [`history left alone: ${leftAlone}`]),
  ];
  const where = `release ${name} in ${namespace}`;
  return lines.length === 0 ? [`${where}: nothing to do`] : [where, ...lines];
};
