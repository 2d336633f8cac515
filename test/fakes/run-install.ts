import { Effect, Exit, Option } from "effect";
import { DEFAULT_INSTALL_OPTIONS, type InstallOptions } from "../../src/domain/install/options.ts";
import { install } from "../../src/operations/install.ts";
import { IDENTITY } from "./fixtures/identity.ts";
import type { UpgradeRun } from "./run-upgrade.ts";
import { simulate } from "./simulate.ts";

export interface InstallRun extends Omit<UpgradeRun, "options"> {
  readonly options?: Partial<InstallOptions>;
}

/** One installation from start to end in virtual time; without a question, unless the options say otherwise. */
export const runInstall = Effect.fnUntraced(function* ({
  options = {},
  identity = IDENTITY,
  limit = "2 hours",
}: InstallRun = {}) {
  const ended = yield* simulate(
    install({ ...DEFAULT_INSTALL_OPTIONS, yes: true, ...options }, identity),
    limit,
  );
  return {
    ...ended,
    result: Exit.isSuccess(ended.exit) ? ended.exit.value : undefined,
    error: Option.getOrUndefined(Exit.findErrorOption(ended.exit)),
  };
});
