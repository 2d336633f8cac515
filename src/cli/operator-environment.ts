import { delimiter } from "node:path";
import { Effect, Option } from "effect";
import type { GivenFlag, OperatorEnvironment } from "../domain/hints/operator-commands.ts";
import { Kubectl } from "../services/kube/Kubectl.ts";
import { OperatorShell } from "../services/report/OperatorShell.ts";
import { ToolCache, type ToolName } from "../services/tools/ToolCache.ts";
import { givenClusterFlags, type UpgradeInput } from "./flags/upgrade-input.ts";
import { isPipe, namedAgain } from "./pipes.ts";

/** The word that runs the tool in the operator's shell. */
const toolWord = Effect.fnUntraced(function* (name: ToolName) {
  const tools = yield* ToolCache;
  return yield* tools.locate(name, { download: false }).pipe(
    Effect.map((tool) => (tool.origin === "PATH" ? name : tool.path)),
    Effect.orElseSucceed(() => name),
  );
});

type ChosenKubeconfig = Pick<
  OperatorEnvironment,
  "kubeconfig" | "kubeconfigs" | "isKubeconfigGone"
>;

const NONE: ChosenKubeconfig = { kubeconfig: undefined };

const chosenKubeconfig = (flag: string | undefined): ChosenKubeconfig => {
  const variable = process.env.KUBECONFIG ?? "";
  const files = (flag === undefined ? variable.split(delimiter) : [flag]).filter(
    (file) => file !== "",
  );
  if (files.some(isPipe)) return { ...NONE, isKubeconfigGone: true };
  return files.length > 1 ? { ...NONE, kubeconfigs: variable } : { kubeconfig: files[0] };
};

/** What the commands need that are printed for the operator to paste. */
export const operatorEnvironment = Effect.fnUntraced(function* (
  input: Pick<UpgradeInput, "kubeconfig" | "context"> & { readonly identityFile: string },
  upgradeFlags: ReadonlyArray<GivenFlag> = [],
) {
  const kubectl = yield* Kubectl;
  const target = yield* Effect.option(kubectl.target);
  const flag = Option.getOrUndefined(input.kubeconfig);
  const isPodsOwn = Option.isSome(target) && target.value.context === undefined;
  const chosen = isPodsOwn && flag === undefined ? NONE : chosenKubeconfig(flag);
  const environment: OperatorEnvironment = {
    ...chosen,
    context: Option.isSome(target) ? target.value.context : Option.getOrUndefined(input.context),
    helm: yield* toolWord("helm"),
    kubectl: yield* toolWord("kubectl"),
    identityFile: namedAgain(input.identityFile, "IDENTITY_FILE"),
    clusterFlags: givenClusterFlags({
      ...input,
      kubeconfig: chosen.isKubeconfigGone ? Option.none() : input.kubeconfig,
    }),
    upgradeFlags,
  };
  return environment;
});

/** Commands that are printed while `work` goes on can be pasted as well. */
export const inOperatorShell =
  (input: Parameters<typeof operatorEnvironment>[0]) =>
  <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.flatMap(
      Effect.context<Effect.Services<ReturnType<typeof operatorEnvironment>>>(),
      (context) => {
        const shell = Effect.provideContext(operatorEnvironment(input), context);
        return Effect.provideService(work, OperatorShell, shell);
      },
    );
