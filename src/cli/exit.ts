import { Cause, Effect, Exit, Option, Runtime } from "effect";
import { CliError } from "effect/cli";
import { RunFailed } from "./RunFailed.ts";

const USAGE = 2;
const INTERRUPTED: Partial<Record<NodeJS.Signals, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
  SIGHUP: 129,
};
/** A reader that stopped reading must not keep the process alive. */
const DRAIN_WITHIN_MILLIS = 2_000;

const isUsageError = (exit: Exit.Exit<unknown, unknown>): boolean => {
  if (Exit.isSuccess(exit)) return false;
  const error = Cause.squash(exit.cause);
  if (!CliError.isCliError(error)) return false;
  return error._tag !== "ShowHelp" || error.errors.length > 0;
};

/** What a run has to say about its own end; a signal that came on the way does not take it back. */
const ownExitCode = (exit: Exit.Exit<unknown, unknown>): number | undefined => {
  const error = Exit.findErrorOption(exit);
  return Option.isSome(error) && error.value instanceof RunFailed
    ? error.value.exitCode
    : undefined;
};

type AnyExit = Exit.Exit<unknown, unknown>;

/** Remembers how a program itself ended: the runtime puts the interruption by a signal, however late, in its place. */
export interface OwnEnd {
  readonly keep: <A, E, R>(program: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
  readonly exit: () => AnyExit | undefined;
}

export const makeOwnEnd = (): OwnEnd => {
  let own: AnyExit | undefined;
  return {
    keep: Effect.onExit((exit) =>
      Effect.sync(() => {
        own = exit;
      }),
    ),
    exit: () => own,
  };
};

/** Tells `onCode` the exit code, and delivers it after everything written has left the process: exiting at once would cut a pipe short. */
export const teardown =
  (
    signal: () => NodeJS.Signals | undefined,
    onCode: (exitCode: number) => void = () => {},
    ownExit: OwnEnd["exit"] = () => undefined,
  ): Runtime.Teardown =>
  (seen, onExit) => {
    const exit = ownExit() ?? seen;
    Runtime.defaultTeardown(exit, (code) => {
      const received = signal();
      const interrupted =
        code === 130 && received !== undefined ? INTERRUPTED[received] : undefined;
      const final = isUsageError(exit) ? USAGE : (ownExitCode(exit) ?? interrupted ?? code);
      process.exitCode = final;
      onCode(final);
      setTimeout(() => onExit(final), DRAIN_WITHIN_MILLIS).unref();
      process.stdout.write("", () => process.stderr.write("", () => onExit(final)));
    });
  };

/** Reports the defects: everything else has been reported where it happened. */
export const isUnreported = (cause: Cause.Cause<unknown>): boolean =>
  !Cause.hasInterruptsOnly(cause) && Runtime.getErrorReported(Cause.squash(cause));
