/** What an operator can do next, as data: the words of a command depend on where it is pasted, and are made in `render/`. */
import { TAKE_OVER } from "../helm/arguments.ts";
import type { ReleaseRef } from "../release/release.ts";

/** A command of kubectl or Helm; with `into`, one that is piped into another of the same tool. */
export interface CommandLine {
  readonly tool: "kubectl" | "helm";
  readonly words: ReadonlyArray<string>;
  readonly into?: ReadonlyArray<string>;
}

/** One that needs to know the cluster and no Helm. */
export type KubectlLine = CommandLine & { readonly tool: "kubectl" };

/** `tare <command> [before] <identity file> [after]`, with the flags of this run but those in `without`. */
export interface TareCommand {
  readonly tool: "tare";
  /** `same` is that of the run which prints it. */
  readonly command: "install" | "upgrade" | "uninstall" | "same";
  readonly before?: ReadonlyArray<string>;
  /** A flag in here or in `before` replaces the one given. */
  readonly after?: ReadonlyArray<string>;
  /** Without the dashes. */
  readonly without?: ReadonlyArray<string>;
}

export type Command =
  | CommandLine
  | TareCommand
  /** What was run, once more. */
  | { readonly tool: "again" }
  /** Of the command that was run. */
  | { readonly tool: "help" }
  /** Steps that are piped into each other; a text is one that is the same wherever it is pasted. */
  | {
      readonly tool: "shell";
      readonly steps: ReadonlyArray<CommandLine | string>;
      readonly saveAs?: string;
    }
  /** The same for each of the names, which stand in the place of the word `name`. */
  | {
      readonly tool: "loop";
      readonly variable: string;
      readonly over: ReadonlyArray<string>;
      readonly name: string;
      readonly command: CommandLine;
    };

/** Commands under the sentence that says what they are for, or nothing but to run again what was run. */
export type Hint =
  | { readonly title: string; readonly commands: ReadonlyArray<Command> }
  | { readonly again: true; readonly isOnceFixed?: boolean };

/** In words, for one operator's shell. */
export interface ShownHint {
  readonly title: string;
  readonly commands: ReadonlyArray<string>;
}

export const hint = (title: string, ...commands: ReadonlyArray<Command>): Hint => ({
  title,
  commands,
});

export const runAgain: Hint = { again: true };

/** Under what has to be put right first. */
export const runOnceFixed: Hint = { again: true, isOnceFixed: true };

export const again: Command = { tool: "again" };

export const kubectl = (...words: ReadonlyArray<string>): KubectlLine => ({
  tool: "kubectl",
  words,
});

/** `kubectl ... | kubectl ...`. */
export const piped = (words: ReadonlyArray<string>, into: ReadonlyArray<string>): CommandLine => ({
  tool: "kubectl",
  words,
  into,
});

export const helm = (...words: ReadonlyArray<string>): CommandLine => ({ tool: "helm", words });

export const tare = (
  command: TareCommand["command"],
  flags: Omit<TareCommand, "tool" | "command"> = {},
): TareCommand => ({ tool: "tare", command, ...flags });

export const shell = (...steps: ReadonlyArray<CommandLine | string>): Command => ({
  tool: "shell",
  steps,
});

/** Flags of an installation that leaves Helm to others, or begins nothing: none of them is for a run that installs. */
export const NOT_INSTALLING = ["plan", "print-values", "values-out", "crds-only"];

interface Rollback {
  readonly release: ReleaseRef;
  /** Or a word in its place. */
  readonly revision: number | string;
  /** What others own by then is changed all the same; for a Helm that has the server apply. */
  readonly takeOver?: boolean | undefined;
  readonly wait?: boolean;
}

export const rollback = ({
  release,
  revision,
  takeOver = false,
  wait = false,
}: Rollback): CommandLine =>
  helm(
    "rollback",
    release.name,
    String(revision),
    "-n",
    release.namespace,
    ...(wait ? ["--wait"] : []),
    ...(takeOver ? TAKE_OVER : []),
  );
