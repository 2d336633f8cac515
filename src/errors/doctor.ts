/** What keeps the doctor from its work. */

import type { StopReason } from "../domain/events/doctor-report.ts";
import { hint, kubectl } from "../domain/hints/hint.ts";
import type { ReleaseRef } from "../domain/release/release.ts";
import { describeStop } from "../words/events/doctor.ts";
import { describeHeld } from "../words/lock/holder.ts";
import { operatorError } from "./operator-error.ts";

export class AnotherDoctorAtWork extends operatorError<{
  readonly release: ReleaseRef;
  readonly holder: string;
  readonly since: string | undefined;
}>()("AnotherDoctorAtWork", {
  exitCode: 13,
  what: ({ release }) => `another doctor is at work on release ${release.name}`,
  why: ({ holder, since }) => [describeHeld(holder, since)],
  hints: ({ release }) => [
    hint(
      "See who holds it:",
      kubectl("get", "lease", `tare-doctor-${release.name}`, "-n", release.namespace),
    ),
  ],
}) {}

/** The management plane did not take everything; nothing is lost, and the next tick sends it. */
export class EventsWaiting extends operatorError<{
  readonly release: ReleaseRef;
  readonly count: number;
  readonly cause: StopReason;
}>()("EventsWaiting", {
  exitCode: 30,
  what: ({ count }) =>
    `${count} ${count === 1 ? "event waits" : "events wait"} for the next tick: the management plane could not be reached`,
  why: ({ cause }) => [describeStop(cause)],
  hints: ({ release }) => [
    hint(
      "List pending events:",
      kubectl(
        "get",
        "configmaps",
        "-n",
        release.namespace,
        "-l",
        "tars.io/component=install-event,tars.io/delivery=pending",
      ),
    ),
  ],
}) {}
