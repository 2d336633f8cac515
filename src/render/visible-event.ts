import type { ReportEvent } from "../domain/report.ts";
import { visibleData, visibleText } from "../domain/visible.ts";

/** An event as it may be made text of: nothing in it steers a terminal, and only a chart's notes have lines of their own. */
export const visibleEvent = (event: ReportEvent): ReportEvent =>
  event._tag === "ChartNotes" ? { ...event, notes: visibleText(event.notes) } : visibleData(event);
