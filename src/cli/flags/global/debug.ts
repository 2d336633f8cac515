/** `--debug`: each request and each program that is run, as it ends, on stderr. */
import { Cause, Exit } from "effect";
import { Flag, GlobalFlag } from "effect/cli";
import {
  type DebugLine,
  debugJson,
  debugLine,
  showDebugLine,
} from "../../../render/debug/debug-line.ts";
import type { KeepSpan } from "../../../services/disk/trace-file.ts";
import { givenChoice } from "./given-choice.ts";

const DEBUG = "debug";

/** Taken for `--log-level debug` as well, which says the same. */
export const debugFlag = GlobalFlag.Setting("debug")({
  flag: Flag.Boolean(DEBUG).pipe(
    Flag.withAlias("v"),
    Flag.withDescription(
      "Show each request to the API server and each run of helm on stderr, with times (default: false)",
    ),
    Flag.withDefault(false),
  ),
});

const LOUD = ["all", "trace", "debug"] as const;

export const givenDebug = (args: ReadonlyArray<string>): boolean => {
  const end = args.indexOf("--");
  const words = end === -1 ? args : args.slice(0, end);
  return (
    words.some((word) => word === `--${DEBUG}` || word === "-v" || word === `--${DEBUG}=true`) ||
    givenChoice(args, "log-level", LOUD) !== undefined
  );
};

/** One line; of a failure that is no error of ours, its first. */
const failureOf = (exit: Exit.Exit<unknown, unknown>): string | undefined => {
  if (Exit.isSuccess(exit)) return undefined;
  if (Cause.hasInterruptsOnly(exit.cause)) return "stopped";
  const error = Cause.squash(exit.cause);
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
};

export const debugTo =
  (print: (line: string) => void, asJson: boolean, beganAt: number): KeepSpan =>
  (span, exit) => {
    const line: DebugLine | undefined = debugLine(span, failureOf(exit), beganAt);
    if (line !== undefined) print(asJson ? debugJson(line) : showDebugLine(line));
  };
