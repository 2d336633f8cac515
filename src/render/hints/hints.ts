/** Hints in words: commands that reach the same cluster, and do what this run was asked to, from the operator's shell. */
import type { Hint, ShownHint } from "../../domain/hints/hint.ts";
import {
  type OperatorEnvironment,
  operationOf,
  sameCommand,
} from "../../domain/hints/operator-commands.ts";
import { showCommand } from "../../words/hints/commands.ts";

const showHint = (env: OperatorEnvironment, hint: Hint): ShownHint => {
  if ("again" in hint) {
    const { noun } = operationOf(env);
    const when = hint.isOnceFixed === true ? "Once that is fixed," : "Then";
    return { title: `${when} run ${noun} again:`, commands: [sameCommand(env)] };
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
