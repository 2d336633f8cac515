import type { ReportEvent } from "../../domain/report/report.ts";
import { visibleData, visibleText } from "../../domain/text/visible.ts";

/**
 * An event as it may be made text of: nothing in it steers a terminal, and only a chart's notes have lines of their own. A
 * warning stays as it is: its sentence is made visible whole, since it quotes for shells, and what is quoted must be the real thing.
 */
export const visibleEvent = (event: ReportEvent): ReportEvent => {
  switch (event._tag) {
    case "ChartNotes":
      return { ...event, notes: visibleText(event.notes) };
    case "Warning":
      return event;
    default:
      return visibleData(event);
  }
};
