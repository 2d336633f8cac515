/** What keeps events from being delivered, and the doctor from looking. */
import type { DeliveryProblem } from "../../domain/events/delivery.ts";
import type { EventReason, LeftAlone, StopReason } from "../../domain/events/doctor-report.ts";

/** What to look at when the plane does not take anything from us. */
const CHECK: Readonly<Record<number, string>> = {
  401: "is the identity's key still valid, and this clock right?",
  403: "may this service account report to this workspace?",
  404: "is the identity's managementPlaneUrl right?",
  405: "is the identity's managementPlaneUrl right?",
  407: "the proxy wants a login: HTTPS_PROXY",
};

export const describeDelivery = (problem: DeliveryProblem): string => {
  if (problem._tag === "Unanswered") return problem.detail;
  const { status, detail } = problem;
  const check = CHECK[status];
  const said = detail === "" ? "the management plane gave no reason" : detail;
  return `HTTP ${status}: ${said}${check === undefined ? "" : ` (${check})`}`;
};

export const describeEventReason = (reason: EventReason): string => {
  switch (reason._tag) {
    case "Foreign":
      return "it is of another workspace or release";
    case "Unreadable":
      return "not an event of this schema version";
    case "Newer":
      return `written with schema version ${reason.version}`;
    default:
      return describeDelivery(reason);
  }
};

export const describeStop = (reason: StopReason): string => {
  switch (reason._tag) {
    case "OutOfTime":
      return "no more time in this tick";
    case "Failed":
      return reason.detail;
    default:
      return describeDelivery(reason);
  }
};

export const describeLeftAlone = (why: LeftAlone): string =>
  why._tag === "Changed"
    ? "a run began or ended meanwhile"
    : `${why.holder ?? "another process"} is working on the release`;
