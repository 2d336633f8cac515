import type { Operation } from "./install-event.ts";

/** An event in the words of a report. */
export interface EventBrief {
  readonly name: string;
  readonly operation?: Operation;
  readonly revision?: number | undefined;
  /** Why it was rejected or kept. */
  readonly reason?: string;
}

/** What one tick did, or would do. */
export interface DoctorReport {
  readonly dryRun: boolean;
  /** Facts that had no event. */
  readonly added: ReadonlyArray<EventBrief>;
  readonly forwarded: ReadonlyArray<EventBrief>;
  readonly rejected: ReadonlyArray<EventBrief>;
  /** Still to be sent. */
  readonly kept: ReadonlyArray<EventBrief>;
  /** Why sending ended before its end. */
  readonly stoppedBecause: string | undefined;
  readonly removed: number;
  /** Why the release's history was not looked at. */
  readonly leftAlone: string | undefined;
}
