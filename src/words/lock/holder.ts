import { sinceOrUnknown } from "../release/times.ts";

export const describeHeld = (holder: string, since: string | undefined): string =>
  `the lock is held by ${holder} since ${sinceOrUnknown(since)}`;
