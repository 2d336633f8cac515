import { Effect } from "effect";
import { type OperatorEnvironment, pasteable } from "../domain/hints/operator-commands.ts";
import type { OperatorError } from "../errors.ts";
import { report } from "../services/report/Reporter.ts";
import { RunFailed } from "./RunFailed.ts";

/** Says what went wrong, and ends the command with the error's exit code. */
export const reportOperatorError = Effect.fnUntraced(function* (
  error: OperatorError,
  env: OperatorEnvironment,
) {
  const { _tag, exitCode, what, why } = error;
  const hints = pasteable(env, error.hints(env));
  yield* report({ _tag: "Failed", error: _tag, exitCode, what, why, hints });
  return yield* new RunFailed({ exitCode });
});
