import { Effect } from "effect";
import { Argument, Command, type Completions } from "effect/cli";
import { printLine } from "../../render/text/print.ts";

const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/** @param script asked for late, since this command is part of the line that it completes */
export const completionCommand = (script: (shell: Completions.Shell) => string) =>
  Command.make("completion", { shell: Argument.Literals("shell", SHELLS) }, ({ shell }) =>
    Effect.forEach(script(shell).split("\n"), printLine, { discard: true }),
  ).pipe(
    Command.withShortDescription("Print a completion script for a shell"),
    Command.withDescription(
      `Print a completion script for a shell.

  bash:  source <(tare completion bash)                                   in ~/.bashrc
  zsh:   tare completion zsh > ~/.zfunc/_tare                             with ~/.zfunc in fpath
  fish:  tare completion fish > ~/.config/fish/completions/tare.fish`,
    ),
  );
