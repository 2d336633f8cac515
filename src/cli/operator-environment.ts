import { delimiter } from "node:path";
import { Effect, Option } from "effect";
import type { GivenFlag, OperatorEnvironment } from "../domain/operator-commands.ts";
import { Kubectl } from "../services/Kubectl.ts";
import { ToolCache, type ToolName } from "../services/ToolCache.ts";
import { givenClusterFlags, type UpgradeInput } from "./upgrade-input.ts";

/** The word that runs the tool in the operator's shell. */
const toolWord = Effect.fnUntraced(function* (name: ToolName) {
  const tools = yield* ToolCache;
  return yield* tools.locate(name, { download: false }).pipe(
    Effect.map((tool) => (tool.origin === "PATH" ? name : tool.path)),
    Effect.orElseSucceed(() => name),
  );
});

/** helm and kubectl take one file as a flag; several are merged from the variable alone, which the shell still has. */
const singleKubeconfig = (): string | undefined => {
  const files = (process.env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  return files.length === 1 ? files[0] : undefined;
};

/** What the commands need that are printed for the operator to paste. */
export const operatorEnvironment = Effect.fnUntraced(function* (
  input: Pick<UpgradeInput, "kubeconfig" | "context"> & { readonly identityFile: string },
  upgradeFlags: ReadonlyArray<GivenFlag> = [],
) {
  const kubectl = yield* Kubectl;
  const context = yield* Effect.option(Effect.map(kubectl.target, (target) => target.context));
  const environment: OperatorEnvironment = {
    context: Option.getOrElse(context, () => Option.getOrUndefined(input.context)),
    kubeconfig: Option.getOrElse(input.kubeconfig, singleKubeconfig),
    helm: yield* toolWord("helm"),
    kubectl: yield* toolWord("kubectl"),
    identityFile: input.identityFile,
    clusterFlags: givenClusterFlags(input),
    upgradeFlags,
  };
  return environment;
});
