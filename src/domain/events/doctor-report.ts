import type { DeliveryProblem } from "./delivery.ts";
import type { Operation } from "./install-event.ts";

/** Why an event was rejected or kept. */
export type EventReason =
  | DeliveryProblem
  /** Of another workspace or release. */
  | { readonly _tag: "Foreign" }
  | { readonly _tag: "Unreadable" }
  /** Written by a newer tare. */
  | { readonly _tag: "Newer"; readonly version: number };

/** Why sending ended before its end. */
export type StopReason =
  | DeliveryProblem
  | { readonly _tag: "OutOfTime" }
  /** The lock was lost, or the outbox failed. */
  | { readonly _tag: "Failed"; readonly detail: string };

/** Why the release's history was not looked at. */
export type LeftAlone =
  | { readonly _tag: "AtWork"; readonly holder: string | undefined }
  /** A run began or ended while the history was read. */
  | { readonly _tag: "Changed" };

/** An event in the words of a report. */
export interface EventBrief {
  readonly name: string;
  readonly operation?: Operation;
  readonly revision?: number | undefined;
  readonly reason?: EventReason;
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
  readonly stoppedBecause: StopReason | undefined;
  readonly removed: number;
  readonly leftAlone: LeftAlone | undefined;
}
