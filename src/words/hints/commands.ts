/** Commands as the operator types them. */
import type { Command, CommandLine, KubectlLine, TareCommand } from "../../domain/hints/hint.ts";
import {
  helmCommand,
  type KubectlEnvironment,
  kubectlCommand,
  type OperatorEnvironment,
  operationOf,
  sameCommand,
  tareCommand,
} from "../../domain/hints/operator-commands.ts";

const showPiped = (
  show: (...words: ReadonlyArray<string>) => string,
  { words, into }: CommandLine,
): string =>
  [words, ...(into === undefined ? [] : [into])].map((part) => show(...part)).join(" | ");

export const showKubectl = (env: KubectlEnvironment, line: KubectlLine): string =>
  showPiped((...words) => kubectlCommand(env, ...words), line);

const showLine = (env: OperatorEnvironment, line: CommandLine): string => {
  const show = line.tool === "helm" ? helmCommand : kubectlCommand;
  return showPiped((...words) => show(env, ...words), line);
};

const showTare = (
  env: OperatorEnvironment,
  { command, before = [], after = [], without = [] }: TareCommand,
): string => {
  const upgradeFlags = env.upgradeFlags.filter(({ name }) => !without.includes(name));
  return tareCommand({ ...env, upgradeFlags }, command, { before, after });
};

export const showCommand = (env: OperatorEnvironment, command: Command): string => {
  switch (command.tool) {
    case "kubectl":
    case "helm":
      return showLine(env, command);
    case "tare":
      return showTare(env, command);
    case "again":
      return sameCommand(env);
    case "help":
      return `tare ${operationOf(env).command} --help`;
    case "shell": {
      const steps = command.steps.map((step) =>
        typeof step === "string" ? step : showLine(env, step),
      );
      const save = command.saveAs === undefined ? "" : ` > ${command.saveAs}`;
      return `${steps.join(" | ")}${save}`;
    }
    case "loop": {
      const { variable, over, name } = command;
      const body = showLine(env, command.command).replaceAll(name, `"$${variable}"`);
      return `for ${variable} in ${over.join(" ")}; do ${body}; done`;
    }
  }
};
