/** What the help of a command says beyond its flags. */
import { Context } from "effect";
import type { ExitCode } from "../commands/exit-codes.ts";
import type { DeclaredFlag } from "../flags/declared-flag.ts";
import type { Variable } from "./environment.ts";

export interface HelpExtras {
  readonly exitCodes?: ReadonlyArray<ExitCode>;
  readonly environment?: ReadonlyArray<Variable>;
  /** All that the command was made with; those that few clusters need are shown by `--help --all`. */
  readonly flags?: Readonly<Record<string, DeclaredFlag<unknown>>>;
}

/** An annotation of commands. */
export class HelpExtrasOf extends Context.Service<HelpExtrasOf, HelpExtras>()(
  "tare/cli/HelpExtras",
) {}
