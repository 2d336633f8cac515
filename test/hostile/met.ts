/** What came of a meeting with something hostile, and what may not come of any. */
import { Cause, Effect, Exit } from "effect";
import { visible } from "../../src/domain/text/visible.ts";
import type { OperatorError } from "../../src/errors.ts";
import { type CliOptions, runCli } from "../cli/support.ts";
import { hintsOf } from "../fakes/index.ts";
import { rawIn } from "./text.ts";

export interface Met {
  /** Everything that a person or a program got to see, line by line. */
  readonly lines: ReadonlyArray<string>;
  /** None where no command line ran. */
  readonly code?: number | undefined;
  /** Of a defect. */
  readonly cause?: string;
}

/** The fake Helm and the fake controllers read only what they could have written; what the program itself makes of such records is tried kind by kind. */
export const isOfTheFakes = ({ cause = "" }: Met): boolean =>
  /\/test\/fakes\//.test(
    cause.split("\n").find((line) => /^\s+at .*\/(?:src|test)\//.test(line)) ?? "",
  );

/** What is wrong with how it went; nothing when nothing is. */
export const objectionTo = (met: Met): string | undefined => {
  if (met.code === 1 || (met.code === undefined && met.cause !== undefined)) {
    return `a defect: ${met.cause}`;
  }
  const line = met.lines.find((one) => rawIn(one).length > 0);
  return line === undefined ? undefined : `raw ${rawIn(line).join(" ")} in: ${line}`;
};

/** Facts as they are printed, on a line each. */
export const shown = (facts: ReadonlyArray<unknown>): Met => ({
  lines: facts.map((fact) => visible(JSON.stringify(fact) ?? "")),
});

/** A refusal as an operator is told of it. */
export const refused = (error: OperatorError): Met => {
  const told = [error.what, ...error.why, ...hintsOf(error).flatMap(({ commands }) => commands)];
  return { lines: told.map(visible) };
};

/** A whole command line on the cluster at hand. */
export const cli = (args: ReadonlyArray<string>, options?: CliOptions) =>
  Effect.map(runCli(args, options), ({ code, exit, stdout, stderr, logs }): Met => {
    const died = Exit.isFailure(exit) && Cause.hasDies(exit.cause);
    return {
      lines: [...stdout, ...stderr, ...logs],
      code,
      ...(died ? { cause: Cause.pretty(exit.cause) } : {}),
    };
  });
