import { Effect, Exit, Option } from "effect";
import {
  DEFAULT_UNINSTALL_OPTIONS,
  type UninstallOptions,
} from "../../src/domain/uninstall/options.ts";
import { uninstall } from "../../src/operations/uninstall.ts";
import { IDENTITY } from "./fixtures/identity.ts";
import type { UpgradeRun } from "./run-upgrade.ts";
import { simulate } from "./simulate.ts";

export interface UninstallRun extends Omit<UpgradeRun, "options"> {
  readonly options?: Partial<UninstallOptions>;
}

/** One uninstallation from start to end in virtual time; without a question, unless the options say otherwise. */
export const runUninstall = Effect.fnUntraced(function* ({
  options = {},
  identity = IDENTITY,
  limit = "2 hours",
}: UninstallRun = {}) {
  const ended = yield* simulate(
    uninstall({ ...DEFAULT_UNINSTALL_OPTIONS, yes: true, ...options }, identity),
    limit,
  );
  return {
    ...ended,
    result: Exit.isSuccess(ended.exit) ? ended.exit.value : undefined,
    error: Option.getOrUndefined(Exit.findErrorOption(ended.exit)),
  };
});
