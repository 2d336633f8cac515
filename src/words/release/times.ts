/** After "since" or "began"; a record need not tell. */
export const sinceOrUnknown = (since: string | undefined): string => since ?? "an unknown time";

export const atOrUnknown = (since: string | undefined): string => since ?? "at an unknown time";
