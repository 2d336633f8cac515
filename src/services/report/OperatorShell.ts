import { Context, Effect } from "effect";
import type { KubectlEnvironment } from "../../domain/hints/operator-commands.ts";

/** Where the operator pastes what is printed during a run; a program that has no operator may leave it as it is. */
export const OperatorShell = Context.Reference<Effect.Effect<KubectlEnvironment>>(
  "tare/OperatorShell",
  {
    defaultValue: () =>
      Effect.succeed({ kubectl: "kubectl", context: undefined, kubeconfig: undefined }),
  },
);
