/** The machine that tare runs on, and what its operator hands over there. */
import { Schema } from "effect";

export const MACHINE_WARNINGS = {
  "identity-file-exposed": { file: Schema.String },
  /** The plane is reached over `http://`, which everybody on the way can read. */
  "management-plane-insecure": { file: Schema.String },
  "chart-reference-insecure": {},
  "tool-not-downloaded": {
    tool: Schema.String,
    version: Schema.String,
    problem: Schema.String,
    /** What is used instead, and its version. */
    path: Schema.String,
    found: Schema.String,
  },
  /** Its hash is not the one that was recorded when it was unpacked. */
  "tool-changed": { tool: Schema.String, path: Schema.String },
  "tool-replaceable": {
    path: Schema.String,
    /** The file or folder that another user can write to. */
    writable: Schema.String,
  },
} as const;
