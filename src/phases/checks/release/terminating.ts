/** Namespaces of the release that are being deleted: nothing new can be made in them. */
import { Effect } from "effect";
import { describeDeletion } from "../../../domain/checks/terminating.ts";
import type { KubeObject } from "../../../domain/kube/objects.ts";
import type { UpgradeOptions } from "../../../domain/run/upgrade-options.ts";
import type { PreflightProblem } from "../../../errors/preflight.ts";
import { deletionRemedy } from "../../../errors/remedies.ts";
import { PreflightFailed } from "../../../errors.ts";
import { readNamespaces } from "../release-facts.ts";

export const terminatingProblems = (
  namespaces: ReadonlyArray<KubeObject>,
): ReadonlyArray<PreflightProblem> =>
  namespaces.flatMap((namespace) => {
    const { name } = namespace.metadata;
    const deletion = describeDeletion(namespace);
    if (deletion === undefined) return [];
    const remedy = deletionRemedy("namespace", name, undefined);
    return [{ problem: `namespace ${name} ${deletion}`, remedy }];
  });

/** For a rollback that comes before the checks of an upgrade: it would not come back there either. */
export const requireLastingNamespaces = Effect.fn("tare.require-lasting-namespaces")(function* (
  where: Pick<UpgradeOptions, "release" | "dataplaneNamespace">,
) {
  const problems = terminatingProblems(yield* readNamespaces(where));
  if (problems.length > 0) return yield* new PreflightFailed({ problems });
});
