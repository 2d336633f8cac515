/** Requests of a run that tests stop on their way to the API server. */
import { type Hold, isWrite } from "../holding-proxy.ts";

export const write = (
  from: "tare" | "helm",
  method: string,
  path: RegExp,
  rest: Partial<Hold> = {},
): Hold => ({
  is: (passing) =>
    passing.from === from &&
    isWrite(passing) &&
    passing.method === method &&
    path.test(passing.path),
  when: "before",
  ...rest,
});

/** Helm's write of a revision with that status; its number is not known beforehand. */
export const revision = (status: string, rest: Partial<Hold> = {}): Hold => {
  // A label, in JSON or, with its length before it, in protobuf.
  const label = new RegExp(`status(?:":"|\\x12.)${status}`, "s");
  return {
    is: (passing) =>
      passing.from === "helm" &&
      isWrite(passing) &&
      RECORDS.test(passing.path) &&
      label.test(passing.body),
    when: "before",
    ...rest,
  };
};

export const read = (path: RegExp): Hold => ({
  is: (passing) => passing.from === "tare" && passing.method === "GET" && path.test(passing.path),
  when: "before",
});

export const LEASE = /leases\/tare-tars/;
export const CRD = /customresourcedefinitions\//;
/** Where Helm keeps its revisions. */
export const RECORDS = /secrets\/?(sh\.helm|\?|$)/;
export const IDENTITY = /secrets\/tars-identity/;
export const GATE = /configmaps\/tare-gate/;
export const EVENT = /configmaps\/tare-event/;
export const JOURNAL = /configmaps\/tare-journal/;
export const PROXY = /envoyproxies\//;
