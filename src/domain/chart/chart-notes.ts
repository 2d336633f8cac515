import type { Redacted } from "effect";
import { plainText } from "../text/plain-text.ts";
import { redactText, truncateUtf8 } from "../text/redaction.ts";

/** A chart's notes are a few lines; more than this would push the end of the run off the screen. */
const LONGEST_BYTES = 4_096;

/** What the chart has to say of a revision, fit to be shown; nothing when that is nothing. */
export const readableNotes = (
  notes: string | undefined,
  secrets: ReadonlyArray<Redacted.Redacted<string>>,
): string | undefined => {
  const text = plainText(redactText(notes ?? "", secrets)).trim();
  return text === "" ? undefined : truncateUtf8(text, LONGEST_BYTES);
};
