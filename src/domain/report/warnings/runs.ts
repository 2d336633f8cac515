/** This run, and others that work or worked on the same release. */
import { Schema } from "effect";
import { RunRecord, RunStep } from "../../run/run-journal.ts";

const lock = {
  holder: Schema.String,
  /** The release that its holder works on; nothing where it changes the CRDs. */
  release: Schema.UndefinedOr(Schema.String),
};

export const RUN_WARNINGS = {
  "lock-watched": { ...lock, since: Schema.UndefinedOr(Schema.String), atMost: Schema.Duration },
  "lock-awaited": lock,
  "lock-taken-over": {
    ...lock,
    since: Schema.UndefinedOr(Schema.String),
    proof: Schema.Literals(["gone", "silent"]),
  },
  /** By a command that only reads. */
  "holder-watched": { holder: Schema.String, atMost: Schema.Duration },
  "helm-awaited": { pid: Schema.Int },
  /** `host`: nothing where it is not known. */
  "distant-helm-awaited": {
    host: Schema.UndefinedOr(Schema.String),
    revision: Schema.Int,
    atMost: Schema.Duration,
  },
  "run-died": { run: RunRecord },
  "dead-run-event-not-written": { cause: Schema.String },
  "pull-secret-not-used": { secret: Schema.String, workloads: Schema.Array(Schema.String) },
  "not-waited-for": { namespace: Schema.String },
  "serve-url-not-registered": { serveUrl: Schema.String, cause: Schema.String },
  "secret-not-restored": { secret: Schema.String, cause: Schema.String },
  /** `cause`: nothing where a newer doctor is needed. */
  "events-wait": {
    count: Schema.Int,
    namespace: Schema.String,
    cause: Schema.UndefinedOr(Schema.String),
  },
  "events-rejected": { count: Schema.Int },
  "records-left": { cause: Schema.String },
  interrupted: {},
  "still-running": { step: RunStep, pids: Schema.Array(Schema.Int) },
  "still-ending": {},
} as const;
