import { Effect } from "effect";
import type { Hint } from "../domain/hints/hint.ts";
import type { OperatorEnvironment } from "../domain/hints/operator-commands.ts";
import { failedRevisions } from "../errors/upgrade.ts";
import type { OperatorError } from "../errors.ts";
import { showHints } from "../render/hints/hints.ts";
import { report } from "../services/report/Reporter.ts";
import { RunFailed } from "./RunFailed.ts";

/** Says what went wrong, and ends the command with the error's exit code. */
export const reportOperatorError = Effect.fnUntraced(function* (
  error: OperatorError,
  env: OperatorEnvironment,
  more: ReadonlyArray<Hint> = [],
) {
  const { _tag, exitCode, what, why } = error;
  const hints = showHints(env, [...error.hints, ...more]);
  const revisions = failedRevisions(error);
  yield* report({
    _tag: "Failed",
    error: _tag,
    exitCode,
    ...(revisions === undefined ? {} : { revisions }),
    what,
    why,
    hints,
  });
  return yield* new RunFailed({ exitCode });
});
