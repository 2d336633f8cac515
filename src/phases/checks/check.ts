/** A check is one entry of a table: its id, and how it finds what is wrong. */
import { Effect } from "effect";
import type { PreflightProblem } from "../../domain/checks/problem.ts";
import type { Warning } from "../../domain/report/warning.ts";
import { PreflightFailed } from "../../errors.ts";
import { warn } from "../../services/report/Reporter.ts";
import type { CheckId } from "../../words/checks/titles.ts";

export interface Finding {
  /** Said, and gone past. */
  readonly warnings?: ReadonlyArray<Warning>;
  /** Each stops the run (exit 10), after all checks have been made. */
  readonly problems?: ReadonlyArray<PreflightProblem>;
}

export interface Check<Input, E = never, R = never> {
  readonly id: CheckId;
  /** What was read is in the input, or is asked for here; nothing is written. */
  readonly find: (input: Input) => Effect.Effect<Finding, E, R>;
  /** Whatever else may be wrong is wrong because of it. */
  readonly isDecisive?: boolean;
}

export const NOTHING_FOUND: Effect.Effect<Finding> = Effect.succeed({});

/** A problem, if there is one. */
export const problemOf = (problem: PreflightProblem | undefined): Finding =>
  problem === undefined ? {} : { problems: [problem] };

/** Warns in the order of the table, and fails with every problem at once. */
export const runChecks = Effect.fnUntraced(function* <Input, E, R>(
  checks: ReadonlyArray<Check<Input, E, R>>,
  input: Input,
) {
  const found: Array<PreflightProblem> = [];
  for (const { find, isDecisive } of checks) {
    const { warnings = [], problems = [] } = yield* find(input);
    yield* Effect.forEach(warnings, warn, { discard: true });
    found.push(...problems);
    if (isDecisive && problems.length > 0) break;
  }
  if (found.length > 0) return yield* new PreflightFailed({ problems: found });
});
