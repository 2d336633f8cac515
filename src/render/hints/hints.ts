/** Hints in words: commands that reach the same cluster, and do what this run was asked to, from the operator's shell. */
import type {
  Command,
  CommandLine,
  Hint,
  ShownHint,
  TareCommand,
} from "../../domain/hints/hint.ts";
import {
  helmCommand,
  kubectlCommand,
  type OperatorEnvironment,
  sameCommand,
  tareCommand,
} from "../../domain/hints/operator-commands.ts";
import { UPGRADE } from "../../domain/run/operation.ts";

const showLine = (env: OperatorEnvironment, { tool, words, into }: CommandLine): string => {
  const show = tool === "helm" ? helmCommand : kubectlCommand;
  return [words, ...(into === undefined ? [] : [into])]
    .map((part) => show(env, ...part))
    .join(" | ");
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

const showHint = (env: OperatorEnvironment, hint: Hint): ShownHint => {
  if ("again" in hint) {
    const { noun } = env.ran?.operation ?? UPGRADE;
    return { title: `Then run ${noun} again:`, commands: [sameCommand(env)] };
  }
  return { title: hint.title, commands: hint.commands.map((command) => showCommand(env, command)) };
};

/** For hints whose commands reach none, and are no run's. */
export const NO_CLUSTER: OperatorEnvironment = {
  context: undefined,
  kubeconfig: undefined,
  helm: "helm",
  kubectl: "kubectl",
  identityFile: "identity.json",
  clusterFlags: [],
  upgradeFlags: [],
};

const PIPED_KUBECONFIG: ShownHint = {
  title:
    "The kubeconfig came through a pipe, so these commands do not name it: give it to them once more, with --kubeconfig or in KUBECONFIG.",
  commands: [],
};

/** With what the operator has to know to paste their commands. */
export const showHints = (
  env: OperatorEnvironment,
  hints: ReadonlyArray<Hint>,
): ReadonlyArray<ShownHint> => {
  const shown = hints.map((hint) => showHint(env, hint));
  const isIncomplete = env.isKubeconfigGone && shown.some(({ commands }) => commands.length > 0);
  return isIncomplete ? [...shown, PIPED_KUBECONFIG] : shown;
};
