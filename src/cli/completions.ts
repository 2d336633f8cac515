/**
 * What a shell completes. Files are named here and not where the flags are declared: a flag that says so makes its path
 * absolute, and printed commands repeat it as it was given.
 */
import { type Command, Completions } from "effect/cli";
import { COLOUR_CHOICES, PROGRESS_CHOICES } from "../render/text/terminal.ts";

type Descriptor = Completions.CommandDescriptor;
type FlagDescriptor = Completions.FlagDescriptor;

const PATHS: Readonly<Record<string, "file" | "directory" | "either">> = {
  "identity-file": "file",
  kubeconfig: "file",
  values: "file",
  "chart-path": "either",
  "tools-dir": "directory",
  folder: "directory",
};

const withPath = <Described extends FlagDescriptor | Completions.ArgumentDescriptor>(
  described: Described,
): Described => {
  const pathType = PATHS[described.name];
  return pathType === undefined ? described : { ...described, type: { _tag: "Path", pathType } };
};

const flag = (
  name: string,
  description: string,
  values?: ReadonlyArray<string>,
  aliases: ReadonlyArray<string> = [],
): FlagDescriptor => ({
  name,
  aliases,
  description,
  type: values === undefined ? { _tag: "Boolean" } : { _tag: "Choice", values },
  negation: false,
});

/** Of every command. */
const GLOBAL: ReadonlyArray<FlagDescriptor> = [
  flag("help", "Show help", undefined, ["h"]),
  flag("version", "Print the version and exit"),
  flag("color", "Colours", COLOUR_CHOICES),
  flag("progress", "Progress", PROGRESS_CHOICES),
];

/** Without `--no-plan` and the like, which operators do not look for. */
const completed = (command: Descriptor): Descriptor => ({
  ...command,
  flags: [
    ...command.flags.map((one) => ({ ...withPath(one), negation: false as const })),
    ...GLOBAL,
  ],
  arguments: command.arguments.map(withPath),
  subcommands: command.subcommands.map(completed),
});

export const completionScript = (command: Command.Command.Any, shell: Completions.Shell): string =>
  Completions.generate("tare", shell, completed(Completions.fromCommand(command)));
