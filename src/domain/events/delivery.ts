/** Why an event was not taken. */
export type DeliveryProblem =
  | { readonly _tag: "Answered"; readonly status: number; readonly detail: string }
  /** There was no answer. */
  | { readonly _tag: "Unanswered"; readonly detail: string };

/** What the management plane's answer means for an event. */
export type DeliveryOutcome =
  | { readonly _tag: "Accepted" }
  /** Sending it again cannot help. */
  | { readonly _tag: "Rejected"; readonly reason: DeliveryProblem }
  /** Nothing is known to be wrong with the event: the plane, the network or the key is in trouble. */
  | {
      readonly _tag: "TryLater";
      readonly reason: DeliveryProblem;
      /** Whether a moment later may be enough. */
      readonly soon: boolean;
      /** What the plane asked for with `Retry-After`. */
      readonly retryAfterMillis?: number;
    };

/** Every other 4xx says that this event will never be taken. */
const ABOUT_US: ReadonlySet<number> = new Set([401, 403, 404, 405, 407]);
const SOON_BETTER: ReadonlySet<number> = new Set([408, 425, 429]);

/** Seconds or an HTTP date; `undefined` when there is none or it makes no sense. */
export const retryAfterMillis = (
  header: string | undefined,
  nowMillis: number,
): number | undefined => {
  if (header === undefined || header.trim() === "") return undefined;
  const millis = /^\s*\d+\s*$/.test(header)
    ? Number(header) * 1_000
    : Date.parse(header) - nowMillis;
  return Number.isFinite(millis) ? Math.max(0, millis) : undefined;
};

export interface PlaneAnswer {
  readonly status: number;
  readonly retryAfter?: string | undefined;
  /** The beginning of the body, for people. */
  readonly detail: string;
}

export const deliveryOutcome = (
  { status, retryAfter, detail }: PlaneAnswer,
  nowMillis: number,
): DeliveryOutcome => {
  const reason: DeliveryProblem = { _tag: "Answered", status, detail };
  if (status >= 200 && status < 300) return { _tag: "Accepted" };
  const wait = retryAfterMillis(retryAfter, nowMillis);
  const after = wait === undefined ? {} : { retryAfterMillis: wait };
  if (SOON_BETTER.has(status) || status >= 500) {
    return { _tag: "TryLater", reason, soon: true, ...after };
  }
  // A redirect is not followed: the token is for one address.
  if (ABOUT_US.has(status) || status < 400) return { _tag: "TryLater", reason, soon: false };
  return { _tag: "Rejected", reason };
};
