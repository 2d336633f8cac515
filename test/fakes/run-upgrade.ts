import { type Duration, Effect, Exit, Option } from "effect";
import type { OperatorEnvironment } from "../../src/domain/hints/operator-commands.ts";
import type { Identity } from "../../src/domain/identity/identity.ts";
import {
  DEFAULT_UPGRADE_OPTIONS,
  type UpgradeOptions,
} from "../../src/domain/run/upgrade-options.ts";
import type { OperatorError } from "../../src/errors.ts";
import { upgrade } from "../../src/operations/upgrade.ts";
import { NO_CLUSTER, showHints } from "../../src/render/hints/hints.ts";
import { IDENTITY } from "./fixtures/identity.ts";
import { simulate } from "./simulate.ts";

export interface UpgradeRun {
  readonly options?: Partial<UpgradeOptions>;
  readonly identity?: Identity;
  readonly limit?: Duration.Input;
}

/** One upgrade from start to end in virtual time. */
export const runUpgrade = Effect.fnUntraced(function* ({
  options = {},
  identity = IDENTITY,
  limit = "2 hours",
}: UpgradeRun = {}) {
  const ended = yield* simulate(
    upgrade({ ...DEFAULT_UPGRADE_OPTIONS, ...options }, identity),
    limit,
  );
  return {
    ...ended,
    result: Exit.isSuccess(ended.exit) ? ended.exit.value : undefined,
    error: Option.getOrUndefined(Exit.findErrorOption(ended.exit)),
  };
});

/** An operator with nothing unusual: every tool on the PATH, no flags. */
export const PLAIN_OPERATOR: OperatorEnvironment = NO_CLUSTER;

/** The next steps as `PLAIN_OPERATOR` would be told them. */
export const hintsOf = (error: Pick<OperatorError, "hints"> | undefined) =>
  showHints(PLAIN_OPERATOR, error?.hints ?? []);
