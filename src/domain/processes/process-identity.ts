import { Schema } from "effect";

/** A process as another one can recognise it. */
export const ProcessIdentity = Schema.Struct({
  user: Schema.String,
  host: Schema.String,
  pid: Schema.Int,
  /**
   * Names the list of processes that `pid` is a number of: two hosts, two containers or the same host after a reboot have
   * different ones. Absent where the system does not say.
   */
  table: Schema.optionalKey(Schema.String),
  /** Tells the process from a later one with the same number. */
  started: Schema.optionalKey(Schema.String),
  /** Who had it started, where the environment says that it was not `user`. */
  onBehalfOf: Schema.optionalKey(Schema.String),
  /** The page of the CI job that it is part of. */
  jobUrl: Schema.optionalKey(Schema.String),
});
export type ProcessIdentity = typeof ProcessIdentity.Type;

export const showProcess = ({ user, host, pid }: ProcessIdentity): string =>
  `${user}@${host}, process ${pid}`;
