import type { WarningCode, WarningOf } from "../../domain/report/warning.ts";

/** One sentence for each code, without the word `warning` and without a full stop. */
export type Words<Codes extends WarningCode> = {
  readonly [Code in Codes]: (warning: WarningOf<Code>) => string;
};

export const plural = (count: number, one: string, more: string): string =>
  count === 1 ? one : more;
